# The secrets without their values, which would stand in the state: `make deploy` asks for them and adds them as versions.
resource "google_secret_manager_secret" "token" {
  for_each   = local.stores
  depends_on = [google_project_service.api]

  # Airflow finds the connection tiny_{prefix} by this name.
  secret_id = "airflow-connections-tiny_${each.key}"
  replication {
    user_managed {
      replicas {
        location = local.settings.region
      }
    }
  }
}

resource "google_secret_manager_secret" "address" {
  for_each   = local.stores
  depends_on = [google_project_service.api]

  secret_id = "tiny-webhook-secrets-${each.key}"
  replication {
    user_managed {
      replicas {
        location = local.settings.region
      }
    }
  }
}

resource "google_secret_manager_secret_iam_member" "token" {
  for_each = local.stores

  secret_id = google_secret_manager_secret.token[each.key].id
  role      = local.accounts.airflow.token
  member    = google_service_account.account["airflow"].member
}

resource "google_secret_manager_secret_iam_member" "address" {
  for_each = local.stores

  secret_id = google_secret_manager_secret.address[each.key].id
  role      = local.accounts.receiver.address
  member    = google_service_account.account["receiver"].member
}
