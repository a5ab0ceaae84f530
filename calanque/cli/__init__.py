"""The command line: names, arguments and help. What a command does lies in `calanque/commands/`, imported late."""
