locals {
  repository = "${path.module}/../.."
  settings   = yamldecode(file("${path.module}/../settings.yaml"))
  platform   = yamldecode(file("${path.module}/../platform.yaml"))
  accounts   = local.platform.accounts
  labels     = { pipeline = "tiny" }

  # The stores, with the names that plugins/tiny_operators/stores.py gives where the file has none.
  stores = {
    for store in yamldecode(file("${local.repository}/include/stores.yaml")).stores : store.prefix => merge(
      {
        report_dataset    = "${store.dataset}_relatorios"
        personal_dataset  = "${store.dataset}_pessoal"
        keys_dataset      = "${store.dataset}_chaves"
        quiet_minutes     = 120
        waiting_minutes   = 60
        keep_rows_days    = 90
        keep_raw_days     = 0
        keep_rejects_days = 0
      },
      store,
    )
  }

  # The DAGs of a store begin with its prefix; the rest is the name of their file.
  dags = [for file in fileset("${local.repository}/dags", "tiny_*.py") : trimsuffix(trimprefix(file, "tiny_"), ".py")]

  airflow_3 = strcontains(local.settings.image, "airflow-3")

  # Python packages of the environment: a name and a range of versions a line. Airflow itself is the image's.
  package_lines = [
    for line in split("\n", file("${local.repository}/requirements.txt")) : trimspace(line)
    if trimspace(line) != "" && !startswith(trimspace(line), "#") && !can(regex("^apache-airflow[<>=]", line))
  ]
  packages = { for line in local.package_lines : regex("^[a-zA-Z0-9._-]+", line) => trimprefix(line, regex("^[a-zA-Z0-9._-]+", line)) }
}
