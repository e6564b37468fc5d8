"""Errors that keep an embedded store from running; each text is one line for an operator."""

from pathlib import Path


class EmbeddedStoreError(Exception):
    """The base of the errors of an embedded store."""


class DataFolderInUse(EmbeddedStoreError):
    """Another service owns the data folder."""

    def __init__(self, folder: Path, owner: int | None) -> None:
        """Name the owner's process id, if it has written its id to the folder already."""
        process = "another process" if owner is None else f"process {owner}"
        super().__init__(f"the data folder {folder} is in use by {process}")


class DataFolderUnusable(EmbeddedStoreError):
    """The data folder can't be created or must not be used."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"the data folder {folder} can't be used: {reason}")


class StoreStartFailed(EmbeddedStoreError):
    """The store's process can't be started, ended while it started or does not answer."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the embedded store did not start: {reason}")
        self.reason = reason
