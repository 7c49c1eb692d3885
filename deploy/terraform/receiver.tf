# The receiver of webhook/, as a function on Cloud Run: Google builds its image from the source, so that no image is pushed by hand.
locals {
  function = local.platform.function
  receiver_code = {
    for name in fileset("${local.repository}/webhook", "*.py") : "webhook/${name}" => file("${local.repository}/webhook/${name}")
  }
  receiver_files = merge(local.receiver_code, {
    # It starts the receiver's own server: that of functions gives each slow sender a thread.
    "main.py"             = file("${local.repository}/webhook/function/main.py")
    "requirements.txt"    = file("${local.repository}/webhook/requirements.lock.txt")
    "webhook/stores.yaml" = file("${local.repository}/include/stores.yaml")
  })
}

data "archive_file" "receiver" {
  type        = "zip"
  output_path = "${path.module}/.terraform/receiver.zip"

  dynamic "source" {
    for_each = local.receiver_files
    content {
      filename = source.key
      content  = source.value
    }
  }
}

resource "google_storage_bucket" "sources" {
  #checkov:skip=CKV_GCP_62:the receiver's source, which is no secret
  #checkov:skip=CKV_GCP_78:each source has its hash in its name
  depends_on = [google_project_service.api]

  name                        = "${local.environment}-sources"
  location                    = local.settings.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true
}

resource "google_storage_bucket_object" "receiver" {
  # Another source is another object, which is what lets the function be built again.
  name   = "receiver-${data.archive_file.receiver.output_md5}.zip"
  bucket = google_storage_bucket.sources.name
  source = data.archive_file.receiver.output_path
}

resource "google_artifact_registry_repository" "images" {
  #checkov:skip=CKV_GCP_84:Google's own keys encrypt it
  depends_on = [google_project_service.api]

  repository_id = local.environment
  location      = local.settings.region
  format        = "DOCKER"

  cleanup_policies {
    id     = "keep-some"
    action = "KEEP"
    most_recent_versions {
      keep_count = 5
    }
  }
  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"
    condition {
      older_than = "2592000s"
    }
  }
}

resource "google_artifact_registry_repository_iam_member" "build" {
  location   = google_artifact_registry_repository.images.location
  repository = google_artifact_registry_repository.images.name
  role       = local.accounts.build.repository
  member     = google_service_account.account["build"].member
}

resource "google_cloudfunctions2_function" "receiver" {
  #checkov:skip=CKV_GCP_124:Tiny calls it from the internet
  depends_on = [
    google_artifact_registry_repository_iam_member.build,
    google_logging_project_exclusion.addresses,
    google_project_iam_member.account,
    google_project_iam_member.sources,
    google_secret_manager_secret_iam_member.address,
    google_storage_bucket_iam_policy.inbox,
  ]

  name     = local.function.name
  location = local.settings.region

  build_config {
    runtime           = local.function.runtime
    entry_point       = local.function.entry_point
    service_account   = google_service_account.account["build"].id
    docker_repository = google_artifact_registry_repository.images.id
    source {
      storage_source {
        bucket = google_storage_bucket.sources.name
        object = google_storage_bucket_object.receiver.name
      }
    }
  }

  service_config {
    service_account_email            = google_service_account.account["receiver"].email
    min_instance_count               = local.settings.receiver.min_instances
    max_instance_count               = local.settings.receiver.max_instances
    max_instance_request_concurrency = local.function.concurrency
    available_memory                 = local.function.memory
    available_cpu                    = local.function.cpu
    timeout_seconds                  = local.function.timeout_seconds
    ingress_settings                 = "ALLOW_ALL"
    all_traffic_on_latest_revision   = true

    # A secret for each store's address, which needs a version: `make deploy` sees to that before this.
    dynamic "secret_environment_variables" {
      for_each = google_secret_manager_secret.address
      content {
        key        = "WEBHOOK_SECRETS_${upper(secret_environment_variables.key)}"
        project_id = var.project
        secret     = secret_environment_variables.value.secret_id
        version    = "latest"
      }
    }
  }
}

# Tiny cannot sign in to Google: who knows the address is let in.
resource "google_cloud_run_service_iam_member" "everybody" {
  #checkov:skip=CKV_GCP_102:Tiny cannot sign in to Google; the secret in the address is what lets it in
  location = google_cloudfunctions2_function.receiver.location
  service  = google_cloudfunctions2_function.receiver.name
  role     = "roles/run.invoker"
  member   = "allUsers"
}
