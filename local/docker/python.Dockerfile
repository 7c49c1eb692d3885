# One of the stack's small programs, with the packages of its lock.
ARG PYTHON=3.11
FROM python:${PYTHON}-slim
ARG LOCK
COPY ${LOCK} /tmp/lock.txt
# The locks name everything, so nothing is left to resolve; the BigQuery emulator's holds DuckDB against its wish.
RUN pip install --no-cache-dir --no-deps --require-hashes -r /tmp/lock.txt \
 && useradd --create-home --uid 1000 stack \
 && install -d -o stack /data
WORKDIR /app
COPY local /app/local
# GoogleSQL's analyzer is compiled once, where the strict front has it.
RUN if python -c "import googleapiclient, zetasql" 2>/dev/null; then \
      python -c "from local.strict_front.sql.googlesql import language; language()"; \
    fi
USER stack
# DuckDB's extensions, where the BigQuery emulator has them; other programs have none.
RUN for file in /usr/local/lib/python3*/site-packages/duckdb_extension_*/extensions/*/*.duckdb_extension; do \
      test -e "$file" || continue; \
      target="$HOME/.duckdb/extensions/$(basename "$(dirname "$file")")/linux_$(dpkg --print-architecture)"; \
      mkdir -p "$target" && cp "$file" "$target"; \
    done
# The strict front reads the stores file as the package does.
COPY plugins /app/plugins
COPY include /app/include
ENV PYTHONPATH=/app/plugins:/app
COPY webhook /app/webhook
