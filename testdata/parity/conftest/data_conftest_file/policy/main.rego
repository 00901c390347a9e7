package main

deny contains msg if {
  msg := sprintf("file %v", [data.conftest.file.name])
}

warn contains "has a directory" if is_string(data.conftest.file.dir)
