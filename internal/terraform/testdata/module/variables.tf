variable "project_name" {
  type    = string
  default = "karmacadabra"
}

variable "aws_region" {
  default = "us-east-1"
}

variable "single_nat_gateway" {
  type    = bool
  default = true
}

variable "tags" {
  type = map(string)
  default = {
    Project   = "Karmacadabra"
    ManagedBy = "Terraform"
  }
}

variable "alb_idle_timeout" { default = 180 }
variable "task_memory" { default = 512 }
variable "enable_container_insights" { default = true }
variable "enable_xray_tracing" { default = true }
variable "enable_https" { default = true }
variable "enable_route53" { default = true }
variable "facilitator_task_cpu" { default = 2048 }
variable "facilitator_task_memory" { default = 4096 }

variable "agents" {
  type = map(object({ port = number, health_check_path = string, priority = number }))
  default = {
    facilitator = { port = 8080, health_check_path = "/health", priority = 50 }
    validator   = { port = 9001, health_check_path = "/health", priority = 100 }
    karma-hello = { port = 9002, health_check_path = "/healthz", priority = 200 }
    test-seller = { port = 8080, health_check_path = "/health", priority = 700 }
  }
}
