package managers

// SyncTypes has the typeids of Python's SyncManager, and those of newer
// versions of it. It must not be changed: derive with [NewTypes].
var SyncTypes = NewTypes("SyncManager")

func init() {
	for typeid, ty := range map[string]*Type{
		"Array":            ArrayType,
		"AsyncResult":      AsyncResultType,
		"Barrier":          BarrierType,
		"BoundedSemaphore": BoundedSemaphoreType,
		"Condition":        ConditionType,
		"Event":            EventType,
		"Iterator":         IteratorType,
		"JoinableQueue":    QueueType,
		"Lock":             LockType,
		"Namespace":        NamespaceType,
		"Pool":             PoolType,
		"Queue":            QueueType,
		"RLock":            RLockType,
		"Semaphore":        SemaphoreType,
		"Value":            ValueType,
		"dict":             DictType,
		"list":             ListType,
		"set":              SetType,
	} {
		SyncTypes.Register(typeid, ty)
	}
}
