#include "core/cli/registration.hpp"

namespace coldload {
namespace {

void add_stage_commands(CLI::App& app, Chosen& chosen) {
  StageCommand& stage = chosen.stage;
  CLI::App* command =
      app.add_subcommand("stage", "Copy a model to a directory: whole, verified, put in place by one rename");
  command->add_option("SRC", stage.source, "A directory, or a URL such as s3://bucket/prefix")
      ->required()
      ->type_name("");
  command
      ->add_option("DST", stage.destination,
                   "The copy's directory; absent, or an older copy that is replaced")
      ->required()
      ->type_name("");
  command->add_flag("--verify", stage.verify,
                    "Read the copy back from the disk and compare it with the source's digests");
  command->add_flag("--dry-run", stage.dry_run,
                    "Say what it would do, or end as it would, and write nothing");
  command->add_option("--limit", stage.limit, "Of the copy, e.g. '2 Gbit/s'")->type_name("RATE");
  command->add_option("--parallel", stage.parallel, "Threads that copy at once (default: 4)")
      ->type_name("N")
      ->check(CLI::Range(1U, 256U));
  command->add_option("--reserve", stage.reserve, "That stays free beside the copy (default: 1 GiB)")
      ->type_name("SIZE");
  command
      ->add_option("--option", stage.options,
                   "Of the source's backend, as NAME=VALUE, such as anonymous=true; may be repeated; "
                   "`coldload describe` shows them")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  command->callback(
      [&chosen] { chosen.command = [&chosen] { return stage_command(chosen.context, chosen.stage); }; });

  CLI::App* provision = app.add_subcommand(
      "provision", "Put a scenario's model where it is missing: copied or made, and verified");
  provision->add_option("FILE", chosen.provision.scenario, "Scenario file, - is standard input")
      ->required()
      ->type_name("");
  CLI::Option* dry_run =
      provision->add_flag("--dry-run", chosen.provision.dry_run, "Say what would be done, write nothing");
  provision
      ->add_flag("--remove", chosen.provision.remove,
                 "Take away what an earlier provision put there, nothing else")
      ->excludes(dry_run);
  provision->callback([&chosen] {
    chosen.command = [&chosen] { return provision_command(chosen.context, chosen.provision); };
  });
}

void add_warm_command(CLI::App& app, Chosen& chosen) {
  WarmCommand& warm = chosen.warm;
  CLI::App* command =
      app.add_subcommand("warm", "Fill the page cache with a model's shards, as far as memory allows");
  command->add_option("DIR", warm.directory, "Directory with *.safetensors, or a Hugging Face cache entry")
      ->required()
      ->type_name("");
  command->add_option("--threads", warm.threads, "Threads that read at once (default: 4)")
      ->type_name("N")
      ->check(CLI::Range(1U, 256U));
  command->add_option("--limit", warm.limit, "Of the reading, e.g. '2 Gbit/s'")->type_name("RATE");
  command
      ->add_option("--max", warm.max,
                   "Read no more than this; a shard that does not fit is left out (default: 0.8 of the "
                   "available memory)")
      ->type_name("BYTES");
  command->callback(
      [&chosen] { chosen.command = [&chosen] { return warm_command(chosen.context, chosen.warm); }; });
}

void add_doctor_command(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand(
      "doctor",
      "Say what of this machine, and of a scenario's backends, is in order, and how to mend the rest");
  command
      ->add_option("FILE", chosen.doctor.scenario,
                   "Scenario file, - is standard input; none: the machine alone")
      ->type_name("");
  command->add_flag("--json", chosen.doctor.as_json, "As JSON");
  command->callback(
      [&chosen] { chosen.command = [&chosen] { return doctor_command(chosen.context, chosen.doctor); }; });
}

}  // namespace

void add_node_commands(CLI::App& app, Chosen& chosen) {
  add_stage_commands(app, chosen);
  add_warm_command(app, chosen);
  add_doctor_command(app, chosen);
}

}  // namespace coldload
