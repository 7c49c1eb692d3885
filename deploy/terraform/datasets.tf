# z316_setup finds these datasets, with the rights that it would give them itself, and makes the tables and views in them.
locals {
  # The views of these datasets may read the tables and the key, so that their readers need no right on either.
  view_datasets = ["report_dataset", "personal_dataset"]
  read_by_views = ["dataset", "keys_dataset"]

  # By name: stores may share the dataset of staging tables.
  datasets_of_stores = {
    for pair in setproduct(keys(local.stores), local.accounts.airflow.owns) : local.stores[pair[0]][pair[1]] => {
      kind     = pair[1]
      location = local.stores[pair[0]].location
      views    = contains(local.read_by_views, pair[1]) ? [for kind in local.view_datasets : local.stores[pair[0]][kind]] : []
      readers = lookup(
        { report_dataset = local.settings.readers, personal_dataset = local.settings.personal_readers }, pair[1], []
      )
    }...
  }
  datasets = { for name, found in local.datasets_of_stores : name => found[0] }
}

# Datasets that hold tables are never destroyed: BigQuery refuses it unless delete_contents_on_destroy is set.
resource "google_bigquery_dataset" "of_views" {
  #checkov:skip=CKV_GCP_81:Google's own keys encrypt it; a key of the project's own is one more thing to lose
  for_each   = { for name, dataset in local.datasets : name => dataset if contains(local.view_datasets, dataset.kind) }
  depends_on = [google_project_service.api]

  dataset_id = each.key
  location   = each.value.location

  access {
    role          = "OWNER"
    special_group = "projectOwners"
  }
  access {
    role          = "OWNER"
    user_by_email = google_service_account.account["airflow"].email
  }
  dynamic "access" {
    for_each = [for member in each.value.readers : trimprefix(member, "group:") if startswith(member, "group:")]
    content {
      role           = "READER"
      group_by_email = access.value
    }
  }
  dynamic "access" {
    for_each = [for member in each.value.readers : split(":", member)[1] if !startswith(member, "group:")]
    content {
      role          = "READER"
      user_by_email = access.value
    }
  }
}

resource "google_bigquery_dataset" "of_tables" {
  #checkov:skip=CKV_GCP_81:as the datasets of views
  for_each   = { for name, dataset in local.datasets : name => dataset if !contains(local.view_datasets, dataset.kind) }
  depends_on = [google_bigquery_dataset.of_views]

  dataset_id = each.key
  location   = each.value.location
  # The tables of a run, which nobody needs the day after.
  default_table_expiration_ms = each.value.kind == "staging_dataset" ? local.seconds_a_day * 1000 : null
  # Of staging tables nothing has to come back, and a person's data should go soon.
  max_time_travel_hours = each.value.kind == "staging_dataset" ? "48" : "168"

  access {
    role          = "OWNER"
    special_group = "projectOwners"
  }
  access {
    role          = "OWNER"
    user_by_email = google_service_account.account["airflow"].email
  }
  dynamic "access" {
    for_each = each.value.views
    content {
      dataset {
        dataset {
          project_id = var.project
          dataset_id = access.value
        }
        target_types = ["VIEWS"]
      }
    }
  }
}
