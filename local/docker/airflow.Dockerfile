# The official image, with an environment beside its own that holds exactly what the lock says.
ARG VERSION=2.11.2
FROM apache/airflow:${VERSION}-python3.11
ARG LOCK=requirements/airflow-2.11.txt
COPY ${LOCK} /tmp/lock.txt
RUN python -m venv /home/airflow/locked \
 && /home/airflow/locked/bin/pip install --no-cache-dir --no-deps --require-hashes -r /tmp/lock.txt
ENV PATH=/home/airflow/locked/bin:$PATH
