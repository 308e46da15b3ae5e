import multiprocessing
from multiprocessing.managers import SyncManager

multiprocessing.current_process().authkey = open("conex.key", "rb").read().strip()
SyncManager.register("jobs")
SyncManager.register("results")
m = SyncManager(("127.0.0.1", 50000))
m.connect()
jobs, results = m.jobs(), m.results()

for word in "tea", "coffee":
    jobs.put(word)
for _ in range(2):
    print(results.get())
