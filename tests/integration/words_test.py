"""The manual page and the completions are the command line's words, all of them."""

import gzip
import os
import re
import unittest

from coldload_cli import BUILD, SOURCE, CliTest, run

OPTION = re.compile(r"^  ((?:-\w,)?--[\w-]+)", re.MULTILINE)
COMMAND = re.compile(r"^  ([a-z][\w-]*) ", re.MULTILINE)


def sections(help_text):
    """Each headed list of a help page: {"Options": "…", "Subcommands": "…"}."""
    parts = re.split(r"^(\w+):\n", help_text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


class Words(CliTest):
    def help_of(self, *command):
        """What --help says of a command: its options' names and the commands below it."""
        found = sections(self.coldload(*command, "--help").out)
        options = [name for names in OPTION.findall(found.get("Options", "")) for name in names.split(",")]
        return options, COMMAND.findall(found.get("Subcommands", ""))

    def commands(self, *above):
        """Every command with its options, as (words, options)."""
        options, below = self.help_of(*above)
        yield above, [name for name in options if name != "--help-all" or not above]
        for name in below:
            yield from self.commands(*above, name)


class Manual(Words):
    def test_it_has_every_command_with_every_option_and_no_other(self):
        page = self.coldload("manual").out.replace("\\-", "-")
        for command, options in self.commands():
            if command:
                section = page.split(f".SS \\fBcoldload {' '.join(command)}\\fR", 1)
                self.assertEqual(len(section), 2, command)
                text = re.split(r"^\.S[SH] ", section[1], maxsplit=1, flags=re.MULTILINE)[0]
            else:
                text = page.split(".SH OPTIONS\n")[1].split(".SH COMMANDS")[0]
            named = re.findall(r"\\fB(--?[\w-]+)\\fR", " ".join(re.findall(r"^\.TP\n(.*)", text, re.MULTILINE)))
            expected = [name for name in options if not command or name not in ("-h", "--help")]
            self.assertEqual(sorted(named), sorted(expected), command)
        self.assertEqual(len(re.findall(r"^\.SS ", page, re.MULTILINE)), sum(1 for _ in self.commands()) - 1)

    def test_its_exit_statuses_are_those_of_the_readme(self):
        page = self.coldload("manual").out.replace("\\-", "-")
        section = page.split(".SH EXIT STATUS\n")[1].split(".SH ")[0]
        told = dict(re.findall(r"\.TP\n\\fB(\d+)\\fR\n(.*)\.", section))
        with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as file:
            readme = file.read().split("## Exit status")[1].split("\n## ")[0]
        expected = {number: text.replace("`", "") for number, text in re.findall(r"^\| (\d+) \| (.*) \|$", readme,
                                                                                re.MULTILINE)}
        self.assertEqual(told, expected)

    def test_its_formatter_finds_nothing_to_complain_about(self):
        page = self.coldload("manual").out
        checked = run(["mandoc", "-T", "lint", "-W", "warning"], stdin=page)
        # The page is of a version, not of a day.
        complaints = [line for line in checked.out.splitlines() if not line.endswith('missing date, using "": TH')]
        self.assertEqual(complaints, [])

    def test_the_build_leaves_it_and_the_completions_as_they_are_printed(self):
        with gzip.open(os.path.join(BUILD, "share/man/man1/coldload.1.gz"), "rt", encoding="utf-8") as file:
            self.assertEqual(file.read(), self.coldload("manual").out)
        for shell, name in (("bash", "bash-completion/completions/coldload"), ("zsh", "zsh/site-functions/_coldload")):
            with open(os.path.join(BUILD, "share", name), encoding="utf-8") as file:
                self.assertEqual(file.read(), self.coldload("completion", shell).out)


class Bash(Words):
    ASK = r"""
source "$1"
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_coldload
printf '%s\n' "${COMPREPLY[@]}"
"""

    def complete(self, *words):
        script = self.write("completion", self.coldload("completion", "bash").out)
        finished = run(["bash", "--norc", "-c", self.ASK, "bash", script, "coldload", *words], cwd=self.dir)
        self.assertEqual((finished.code, finished.err), (0, ""))
        return sorted(filter(None, finished.out.split("\n")))

    def test_it_offers_every_command_and_every_option_of_each(self):
        for command, options in self.commands():
            self.assertEqual(self.complete(*command, "-"), sorted(options), command)
        self.assertEqual(self.complete(""), sorted(self.help_of()[1]))
        self.assertEqual(self.complete("list", "p"), ["plugins"])

    def test_it_offers_the_choices_of_an_option_and_of_an_argument(self):
        self.assertEqual(self.complete("run", "--format", ""), ["json", "table"])
        self.assertEqual(self.complete("completion", ""), ["bash", "zsh"])

    def test_it_offers_files_where_one_is_meant_and_nothing_where_only_the_user_knows(self):
        self.write("with space.toml", "")
        self.assertEqual(self.complete("run", "w"), ["with space.toml"])
        self.assertEqual(self.complete("run", "--out", "w"), ["with space.toml"])
        self.assertEqual(self.complete("run", "--only", ""), [])

    def test_shellcheck_finds_nothing(self):
        script = self.write("completion.bash", self.coldload("completion", "bash").out)
        checked = run(["shellcheck", "--shell=bash", script])
        self.assertEqual((checked.code, checked.out), (0, ""))


class Zsh(Words):
    # A shell in a terminal of its own, since completion is only there for one; what it lists is written by comppostfuncs.
    ASK = r"""
zmodload zsh/zpty
zpty child zsh -f -i
zpty -w child "PROMPT= RPROMPT= TERM=dumb; unsetopt zle_bracketed_paste 2>/dev/null; autoload -U compinit; compinit -u -D"
zpty -w child "fpath=(${(q)1} \$fpath); autoload -U _coldload; compdef _coldload coldload"
zpty -w child "compadd() { builtin compadd -O found \"\$@\"; print -rl -- \$found >>${(q)2}; builtin compadd \"\$@\" }"
zpty -w child "zle -C ask complete-word _generic; bindkey '^X' ask; print -r ready >>${(q)2}"
for attempt in {1..200}; do [[ -s $2 ]] && break; sleep 0.05; done
zpty -n -w child "coldload $3"$'\C-x'
for attempt in {1..200}; do (( $(wc -l <"$2") > 1 )) && break; sleep 0.05; done
sleep 1
zpty -d child
"""

    def complete(self, line):
        os.makedirs(self.path("functions"), exist_ok=True)
        self.write("functions/_coldload", self.coldload("completion", "zsh").out)
        out = self.path("offered")
        if os.path.exists(out):
            os.remove(out)
        finished = run(["zsh", "-f", "-c", self.ASK, "zsh", self.path("functions"), out, line], cwd=self.dir, timeout=60)
        self.assertEqual(finished.code, 0, finished)
        with open(out, encoding="utf-8") as file:
            return sorted(set(filter(None, file.read().split("\n"))) - {"ready"})

    def test_its_syntax_is_right(self):
        script = self.write("_coldload", self.coldload("completion", "zsh").out)
        checked = run(["zsh", "-f", "-n", script])
        self.assertEqual((checked.code, checked.err), (0, ""))

    def test_it_offers_the_commands_and_the_options_and_choices_of_one(self):
        self.assertLessEqual(set(self.help_of()[1]), set(self.complete("")))
        self.assertLessEqual({"--out", "--only", "--format"}, set(self.complete("run --")))
        self.assertEqual([word for word in self.complete("run --format ") if word in ("json", "table")],
                         ["json", "table"])

    def test_it_has_every_option_of_every_command(self):
        script = self.coldload("completion", "zsh").out
        for command, options in self.commands():
            name = "_coldload_" + "_".join(command).replace("-", "_")
            body = script.split(f"\n{name}() {{\n", 1)[1].split("\n}\n", 1)[0]
            self.assertEqual(sorted(re.findall(r"^    '\*(--?[\w-]+)\[", body, re.MULTILINE)), sorted(options), command)


if __name__ == "__main__":
    unittest.main()
