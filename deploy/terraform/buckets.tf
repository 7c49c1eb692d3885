locals {
  # What expires, and after how many days, as plugins/tiny_operators/lake/buckets.py has it; 0 keeps for good. What a run leaves: its
  # rows, and its notes in runs/{dag}_{hash}/. The other objects in runs/ are still in use. Answers that others refer to stay a month longer.
  expiry = {
    for prefix, store in local.stores : prefix => [
      for rule in [
        { days = store.keep_rows_days, prefixes = concat(["rows/"], [for dag in local.dags : "runs/${prefix}_${dag}_"]) },
        { days = store.keep_raw_days, prefixes = ["raw/pdv/", "webhook/", "20"] },
        { days = store.keep_raw_days > 0 ? store.keep_raw_days + 31 : 0, prefixes = ["raw/pesquisa/", "raw/produto/"] },
        { days = store.keep_rejects_days, prefixes = ["rejected/"] },
      ] : rule if rule.days > 0
    ]
  }
  seconds_a_day = 24 * 60 * 60
}

# Buckets that hold something are never destroyed: Cloud Storage refuses it unless force_destroy is set.
resource "google_storage_bucket" "inbox" {
  #checkov:skip=CKV_GCP_62:who reads and writes is in the audit log; a bucket of access logs would hold object names for good
  #checkov:skip=CKV_GCP_78:no object is replaced, each arrival has a name of its own; soft delete brings deleted ones back
  for_each   = local.stores
  depends_on = [google_project_service.api]

  name                        = each.value.webhook_bucket
  location                    = each.value.location
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  # What lies in it waits, so there is no rule that deletes.
  soft_delete_policy {
    retention_duration_seconds = local.settings.keep_days.deleted_objects * local.seconds_a_day
  }
}

resource "google_storage_bucket" "api" {
  #checkov:skip=CKV_GCP_62:as the inbox
  #checkov:skip=CKV_GCP_78:raw answers are never replaced; soft delete brings back what was
  for_each   = local.stores
  depends_on = [google_project_service.api]

  name                        = each.value.api_bucket
  location                    = each.value.location
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  soft_delete_policy {
    retention_duration_seconds = local.settings.keep_days.deleted_objects * local.seconds_a_day
  }

  dynamic "lifecycle_rule" {
    for_each = local.expiry[each.key]
    content {
      action {
        type = "Delete"
      }
      condition {
        age            = lifecycle_rule.value.days
        matches_prefix = lifecycle_rule.value.prefixes
      }
    }
  }

  # Requests about a person, and what is given to them. A run deletes its request; this is for what stays behind.
  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age            = 7
      matches_prefix = ["people/"]
    }
  }
}

# Google gives the legacy roles of a new bucket to whoever has a basic role on the project. These policies replace that: only owners
# keep theirs. Airflow's account reads and writes by its role on the project.
data "google_iam_policy" "inbox" {
  binding {
    role    = "roles/storage.legacyBucketOwner"
    members = ["projectOwner:${var.project}"]
  }
  binding {
    role    = "roles/storage.legacyObjectOwner"
    members = ["projectOwner:${var.project}"]
  }
  binding {
    role    = local.accounts.receiver.webhook_bucket
    members = [google_service_account.account["receiver"].member]
  }
}

data "google_iam_policy" "api" {
  binding {
    role    = "roles/storage.legacyBucketOwner"
    members = ["projectOwner:${var.project}"]
  }
  binding {
    role    = "roles/storage.legacyObjectOwner"
    members = ["projectOwner:${var.project}"]
  }
}

resource "google_storage_bucket_iam_policy" "inbox" {
  for_each = local.stores

  bucket      = google_storage_bucket.inbox[each.key].name
  policy_data = data.google_iam_policy.inbox.policy_data
}

resource "google_storage_bucket_iam_policy" "api" {
  for_each = local.stores

  bucket      = google_storage_bucket.api[each.key].name
  policy_data = data.google_iam_policy.api.policy_data
}

# The other buckets hold code that runs as Airflow's account, and snapshots of Airflow's database with the key to its passwords. Here
# others may have roles of their own, as who releases; so only the legacy roles are taken.
locals {
  other_buckets = {
    environment = google_storage_bucket.environment.name
    snapshots   = google_storage_bucket.snapshots.name
    sources     = google_storage_bucket.sources.name
  }
  legacy_roles = ["legacyBucketOwner", "legacyBucketReader", "legacyObjectOwner", "legacyObjectReader"]
}

resource "google_storage_bucket_iam_binding" "owners_only" {
  for_each = toset([for pair in setproduct(keys(local.other_buckets), local.legacy_roles) : join(" ", pair)])

  bucket  = local.other_buckets[split(" ", each.key)[0]]
  role    = "roles/storage.${split(" ", each.key)[1]}"
  members = ["projectOwner:${var.project}"]
}
