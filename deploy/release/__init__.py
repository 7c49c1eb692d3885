"""A release: ``dags/``, ``plugins/`` and ``include/`` into the bucket of the environment.

    make release PROJECT=my-project                    # asks, and puts what changed there
    make release PROJECT=my-project ARGS=--dry-run     # only shows what that would be
    make release PROJECT=my-project ARGS=--rollback    # puts the release before the current one back

Each release is kept whole, as an archive in ``releases/`` of the bucket, which Airflow does not read. A release that
was interrupted is finished by running the command again.
"""
