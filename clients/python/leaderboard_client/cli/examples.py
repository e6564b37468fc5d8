"""The examples that `--help` of a command ends with."""

from __future__ import annotations


def examples(*of: tuple[str, str]) -> str:
    """Return the end of a help text, in Markdown.

    Args:
        of: Command lines, and what each one does.
    """
    return "\n\n".join(["Examples:", *(f"- `{line}`: {does}" for line, does in of)])


UPDATE = examples(
    ("leaderboard update chess ada 5", "adds 5 points"),
    ("leaderboard update chess ada -5", "takes 5 points away"),
    ("leaderboard update chess ada 1200 --mode best", "keeps the better score"),
    ("leaderboard update chess ada 5 --request-id game-17", "counts once, however often it is run"),
)

TOP = examples(
    ("leaderboard top chess", "shows the first 10 ranks"),
    ("leaderboard top chess --start-rank 101 --limit 50", "shows ranks 101 to 150"),
    ("leaderboard top chess --json | jq -r '.users[].user_id'", "prints the ids"),
    ("leaderboard top chess --server board.example:443 --tls", "asks another server"),
)

RANK = examples(
    ("leaderboard rank chess ada", "shows the rank with two users on each side"),
    ("leaderboard rank chess ada --neighbors 0 --json", "prints the rank for a script"),
)

WATCH = examples(
    ("leaderboard watch chess", "shows the first 10 ranks, full screen"),
    ("leaderboard watch chess --user ada --user bob", "follows two users"),
    ("leaderboard watch chess --scope all", "prints every change as a line"),
    ("leaderboard watch chess --json > chess.jsonl", "keeps what the service tells"),
)

IMPORT = examples(
    ("leaderboard import goals.csv", "sends the events of a file, each once"),
    ("leaderboard import goals.csv --skip-bad", "goes on after bad lines"),
    ("zcat goals.jsonl.gz | leaderboard import - --format jsonl", "reads what another one writes"),
)

DOCTOR = examples(
    ("leaderboard doctor", "checks the server on this machine"),
    ("leaderboard doctor --write", "also writes a score, to the contest `doctor`"),
    ("leaderboard doctor --server board.example:443 --ca ca.pem", "checks one with TLS"),
    ("leaderboard doctor --json | jq .worst", "prints the worst of it for a script"),
)

LOAD = examples(
    ("leaderboard load --rate 500 --duration 30", "sends 15,000 updates in 30 seconds"),
    ("leaderboard load --kind mix --users 10000", "sends updates, tops and ranks"),
    ("leaderboard load --rate 2000 --concurrency 200 --json", "prints the result for a script"),
    ("leaderboard load --server staging.example:50051 --yes", "loads another machine"),
)
