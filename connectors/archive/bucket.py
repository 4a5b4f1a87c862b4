"""An archive in object storage that speaks S3; the account comes from the AWS_... variables of the environment."""

import os
from datetime import timedelta
from typing import Any

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import S3Store

from connectors.archive.store import BrokenArchive, away

PATIENCE = timedelta(seconds=30)
"""For how long one request is tried again before the storage counts as away."""


class Bucket:
    """A prefix of a bucket. The storage must know `If-None-Match: *`, which is how two writers never overwrite."""

    def __init__(self, url: str) -> None:
        """`AWS_ENDPOINT` names a storage that is not Amazon's."""
        self._url = url.rstrip("/")
        plain = os.environ.get("AWS_ENDPOINT", "").startswith("http://")
        try:
            self._store = S3Store.from_url(
                self._url,
                client_options={"timeout": "60s", "allow_http": plain},
                retry_config={"max_retries": 5, "retry_timeout": PATIENCE},
            )
        except (BaseError, ValueError) as error:
            raise ValueError(f"{url} is no object storage: {error}") from error

    @property
    def url(self) -> str:
        """s3://bucket/prefix"""
        return self._url

    def put(self, name: str, content: bytes) -> bool:
        """One whole upload, so a name never holds a part."""
        try:
            obstore.put(self._store, name, content, mode="create", use_multipart=False)
        except AlreadyExistsError:
            return False
        except (BaseError, OSError) as error:
            raise away(self.url, error) from error
        return True

    def get(self, name: str) -> bytes:
        """The object's bytes."""
        try:
            return bytes(obstore.get(self._store, name).bytes())
        except FileNotFoundError as error:
            raise BrokenArchive(f"{self.url} has no {name}") from error
        except (BaseError, OSError) as error:
            raise away(self.url, error) from error

    def names(self, folder: str) -> list[str]:
        """Objects right below the prefix."""
        return sorted(str(one["path"]) for one in self._listed(folder)["objects"])

    def folders(self, folder: str) -> list[str]:
        """Prefixes right below the prefix."""
        return sorted(str(one).rstrip("/").rpartition("/")[2] for one in self._listed(folder)["common_prefixes"])

    def _listed(self, folder: str) -> Any:
        try:
            return obstore.list_with_delimiter(self._store, folder or None)
        except (BaseError, OSError) as error:
            raise away(self.url, error) from error
