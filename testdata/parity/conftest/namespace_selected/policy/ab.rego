package a.b

deny contains "from a.b" if true
