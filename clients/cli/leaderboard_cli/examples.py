"""The examples that `--help` of a command ends with."""


def examples(*of: tuple[str, str]) -> str:
    """Return the end of a help text, in Markdown.

    Args:
        of: Command lines, and what each one does.
    """
    return "\n\n".join(["Examples:", *(f"- `{line}`: {does}" for line, does in of)])
