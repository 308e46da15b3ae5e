package process_test

// roles are the programs whose end is tested from outside.
var roles = map[string]func(){}
