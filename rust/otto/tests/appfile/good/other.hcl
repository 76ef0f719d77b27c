application {
  dependency { source = "../beside" }
}

customization "mysql" {
  version = "5"
}
