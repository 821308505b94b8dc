# what the user chose
aws_region         = "eu-west-1"
availability_zones = ["eu-west-1a", "eu-west-1b"]
single_nat_gateway = false
task_memory        = 1024
base_domain        = "agents.example.com"
hosted_zone_name   = "example.com"
