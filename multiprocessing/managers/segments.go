package managers

type segments struct{}
