"""Keep trained models: one folder a version, complete when its manifest is there.

in: fitted Spark ML and Spark NLP pipelines ▶ out: ``<folder>/<name>/<version>/`` with ``manifest.json`` written last.
Local disk, HDFS and object stores alike: pipelines go through Spark's own writers, the manifest through Hadoop's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyspark.ml import PipelineModel
from pyspark.sql import SparkSession

from entourage.errors import UsageError
from entourage.session import FileSystem


@dataclass(frozen=True)
class StoredModel:
    """One complete version: its pipelines by name, and what its manifest says."""

    name: str
    version: str
    pipelines: Mapping[str, PipelineModel]
    manifest: Mapping[str, Any]


@dataclass(frozen=True)
class Models:
    """The model folders of one lake."""

    spark: SparkSession
    folder: str

    def exists(self, name: str, version: str) -> bool:
        """Tell whether a version is there and complete."""
        return self._manifest(name, version) is not None

    def save(self, model: StoredModel) -> None:
        """Write a version; what a killed run left of it is replaced.

        The manifest comes last: a reader sees a whole version or none.
        """
        path, files = self._path(model.name, model.version), FileSystem(self.spark)
        files.delete(path)
        for pipeline_name, pipeline in model.pipelines.items():
            pipeline.write().overwrite().save(f"{path}/{pipeline_name}")
        manifest = {
            **model.manifest,
            "name": model.name,
            "version": model.version,
            "pipelines": sorted(model.pipelines),
        }
        files.write_text(f"{path}/manifest.json", json.dumps(manifest, indent=2, sort_keys=True), overwrite=True)

    def load(self, name: str, version: str) -> StoredModel:
        """Read a complete version.

        Raises:
            UsageError: there is none; nothing was read.
        """
        manifest = self._manifest(name, version)
        if manifest is None:
            raise UsageError(
                f"models: no complete model '{name}' of version {version} under {self.folder}; "
                f"run: entourage run train_{name} (the lexicons, the corpus or the code changed, or it never ran)"
            )
        path = self._path(name, version)
        pipelines = {part: PipelineModel.load(f"{path}/{part}") for part in manifest["pipelines"]}
        return StoredModel(name, version, pipelines, manifest)

    def _path(self, name: str, version: str) -> str:
        return f"{self.folder}/{name}/{version}"

    def _manifest(self, name: str, version: str) -> dict[str, Any] | None:
        text = FileSystem(self.spark).read_text(f"{self._path(name, version)}/manifest.json")
        try:
            return json.loads(text) if text else None
        except json.JSONDecodeError:  # a writer died within the manifest: the version is not complete
            return None
