"""The local stack: Airflow on Postgres, emulators of Google's services, the Tiny simulator, the receiver."""
