"""Links from a task to what it left in the bucket."""

from __future__ import annotations

from typing import Any, ClassVar

from tiny_operators._compat import BaseOperatorLink, Context, XCom


class RunFolderLink(BaseOperatorLink):
    """Opens the folder of the run (its plan and outcome) in the Google Cloud console."""

    name = "Run folder"
    key: ClassVar[str] = "run_folder"

    @property
    def xcom_key(self) -> str:
        """Key by which Airflow 3 reads the address: its API server runs no code of ours."""
        return self.key

    @classmethod
    def persist(cls, context: Context, bucket: str, run_key: str) -> None:
        """Leave the address for the link; called by the task."""
        url = f"https://console.cloud.google.com/storage/browser/{bucket}/runs/{run_key}"
        context["ti"].xcom_push(key=cls.key, value=url)

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the address that the task left; empty before it ran."""
        return str(XCom.get_value(key=self.key, ti_key=ti_key) or "")
