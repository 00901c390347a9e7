package a

deny contains "from a" if true
