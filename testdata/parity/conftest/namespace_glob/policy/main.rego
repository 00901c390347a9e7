package main

deny contains "from main" if true
