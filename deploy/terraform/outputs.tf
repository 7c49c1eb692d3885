output "airflow" {
  description = "The web UI of Airflow."
  value       = google_composer_environment.airflow.config[0].airflow_uri
}

output "bucket" {
  description = "The environment's bucket, which `make release` writes into."
  value       = google_storage_bucket.environment.name
}

output "accounts" {
  description = "The service accounts, for `make rehearse`."
  value       = { for name, account in google_service_account.account : name => account.email }
}

output "receiver" {
  description = "The address of the receiver, without the secret that each store's address ends with."
  value       = google_cloudfunctions2_function.receiver.service_config[0].uri
}

output "dashboard" {
  description = "The dashboard in Cloud Monitoring."
  value       = "https://console.cloud.google.com/monitoring/dashboards/builder/${basename(google_monitoring_dashboard.pipeline.id)}?project=${var.project}"
}
