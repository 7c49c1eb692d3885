# Google's console calls Composer "Managed Service for Apache Airflow".
locals {
  airflow_overrides = merge(local.platform.airflow, local.airflow_3 ? local.platform.airflow_3 : {})
  environment       = "${var.project}-${local.settings.environment}"
}

# dags/ and plugins/ of the environment, and its logs. `make release` writes into it.
resource "google_storage_bucket" "environment" {
  #checkov:skip=CKV_GCP_62:code and logs of Airflow; who writes is in the audit log
  #checkov:skip=CKV_GCP_78:`make release` keeps each release, and brings one back
  depends_on = [google_project_service.api]

  name                        = local.environment
  location                    = local.settings.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age            = local.settings.keep_days.airflow_runs
      matches_prefix = ["logs/"]
    }
  }
}

resource "google_storage_bucket" "snapshots" {
  #checkov:skip=CKV_GCP_62:as the environment's bucket
  #checkov:skip=CKV_GCP_78:each snapshot has a name of its own
  depends_on = [google_project_service.api]

  name                        = "${local.environment}-snapshots"
  location                    = local.settings.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age = local.settings.keep_days.snapshots
    }
  }
}

resource "google_composer_environment" "airflow" {
  # Without its role the environment cannot start, and what fails then is found only after half an hour.
  depends_on = [google_project_iam_member.account, google_secret_manager_secret_iam_member.token]

  name   = local.settings.environment
  region = local.settings.region

  storage_config {
    bucket = google_storage_bucket.environment.name
  }

  config {
    environment_size = "ENVIRONMENT_SIZE_SMALL"

    node_config {
      service_account = google_service_account.account["airflow"].email
    }

    software_config {
      image_version            = local.settings.image
      web_server_plugins_mode  = "ENABLED"
      airflow_config_overrides = local.airflow_overrides
      env_variables            = local.platform.environment_variables
      pypi_packages            = local.packages
    }

    workloads_config {
      scheduler {
        count      = local.platform.workloads.scheduler.count
        cpu        = local.platform.workloads.scheduler.cpu
        memory_gb  = local.platform.workloads.scheduler.memory_gb
        storage_gb = local.platform.workloads.scheduler.storage_gb
      }
      dag_processor {
        count      = local.platform.workloads.dag_processor.count
        cpu        = local.platform.workloads.dag_processor.cpu
        memory_gb  = local.platform.workloads.dag_processor.memory_gb
        storage_gb = local.platform.workloads.dag_processor.storage_gb
      }
      triggerer {
        count     = local.platform.workloads.triggerer.count
        cpu       = local.platform.workloads.triggerer.cpu
        memory_gb = local.platform.workloads.triggerer.memory_gb
      }
      web_server {
        cpu        = local.platform.workloads.web_server.cpu
        memory_gb  = local.platform.workloads.web_server.memory_gb
        storage_gb = local.platform.workloads.web_server.storage_gb
      }
      worker {
        cpu        = local.platform.workloads.worker.cpu
        memory_gb  = local.platform.workloads.worker.memory_gb
        storage_gb = local.platform.workloads.worker.storage_gb
        min_count  = local.platform.workloads.worker.min_count
        max_count  = local.platform.workloads.worker.max_count
      }
    }

    # Above 20 GB Google neither takes a snapshot of Airflow's database nor upgrades it.
    data_retention_config {
      airflow_metadata_retention_config {
        retention_mode = "RETENTION_MODE_ENABLED"
        retention_days = local.settings.keep_days.airflow_runs
      }
    }

    recovery_config {
      scheduled_snapshots_config {
        enabled                    = true
        snapshot_location          = "gs://${google_storage_bucket.snapshots.name}/snapshots"
        snapshot_creation_schedule = local.platform.snapshots.schedule
        time_zone                  = local.platform.snapshots.time_zone
      }
    }

    maintenance_window {
      start_time = local.platform.maintenance.start
      end_time   = local.platform.maintenance.end
      recurrence = local.platform.maintenance.recurrence
    }
  }

  timeouts {
    create = "90m"
    update = "90m"
    delete = "30m"
  }
}
