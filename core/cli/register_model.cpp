#include "core/cli/registration.hpp"

namespace coldload {

void add_model_commands(CLI::App& app, Chosen& chosen) {
  CLI::App* inspect =
      app.add_subcommand("inspect", "Show a model's shards and tensors, and what is inconsistent (exit 5)");
  inspect->add_option("DIR", chosen.path, "Directory with *.safetensors, or a Hugging Face cache entry")
      ->required()
      ->type_name("");
  inspect->callback([&chosen] { chosen.command = [&chosen] { return inspect_command(chosen.path); }; });

  GenerateCommand& generate = chosen.generate;
  CLI::App* gen =
      app.add_subcommand("gen-model", "Make a model like a real one: same tensors and shards, other bytes");
  gen->add_option("DIR", generate.directory, "Where; absent or empty")->required()->type_name("");
  gen->add_option("--like", generate.like,
                  "qwen2.5-0.5b, qwen2.5-7b, llama-3.1-8b, llama-3.1-70b or qwen3-30b-a3b")
      ->required()
      ->type_name("NAME");
  gen->add_option("--scale", generate.scale, "Share of the layers to keep, whole ones, at least one")
      ->type_name("F");
  gen->add_option("--seed", generate.seed, "Other bytes for another seed")->type_name("N");
  gen->add_option(
         "--layout", generate.layout,
         "Order of tensors in a file: as the reference serializer sorts them, or as the model defines them")
      ->check(CLI::IsMember({"reference", "definition"}));
  gen->add_flag("--sparse", generate.sparse, "Headers and holes only: takes no space, for planning");
  gen->callback([&chosen] {
    chosen.command = [&chosen] { return generate_command(chosen.context, chosen.generate); };
  });
}

}  // namespace coldload
