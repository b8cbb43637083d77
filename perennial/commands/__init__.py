"""The commands, each a function of what was typed; what they do lies in modules of its own."""
