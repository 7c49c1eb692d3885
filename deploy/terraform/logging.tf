# Cloud Run logs each request with its whole address, and the address holds the secret. What the receiver logs itself stays.
resource "google_logging_project_exclusion" "addresses" {
  depends_on = [google_project_service.api]

  name        = "tiny-webhook-addresses"
  description = "Addresses of webhooks hold a secret"
  filter = join(" AND ", [
    "resource.type=\"cloud_run_revision\"",
    "resource.labels.service_name=\"${local.function.name}\"",
    "log_id(\"run.googleapis.com/requests\")",
  ])
}
