# What .ci/run and .ci/soak have in common. To be sourced by bash.

cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec </dev/null

go=${GO:-go} # GO=/some/other/go .ci/run
export GOWORK=off GOTOOLCHAIN="${GOTOOLCHAIN:-auto}"

work=$(mktemp -d "${TMPDIR:-/tmp}/conex-ci.XXXXXX")
trap 'rm -rf "$work"' EXIT

passed=() failed=() skipped=()
began=$(date +%s.%N)

# elapsed SINCE prints the seconds since then.
elapsed() { awk -v a="$1" -v b="$(date +%s.%N)" 'BEGIN { printf "%.1fs", b - a }'; }

# skip REASON is called by a step, or a part of one, that cannot be done here.
# What was not done is said again at the end.
skip() {
	echo "--- SKIP: $*"
	echo "$*" >>"$work/skips"
}

# wanted: the steps named on the command line; without names, all.
wanted=("$@")
steps=()

# step NAME runs the function step_NAME. Its output is shown if it fails, and
# if the step is named on the command line. The other steps run all the same.
step() {
	local name=$1 start rc=0
	steps+=("$name")
	if ((${#wanted[@]})) && [[ " ${wanted[*]} " != *" $name "* ]]; then
		return 0
	fi
	echo "=== RUN   $name"
	start=$(date +%s.%N)
	: >"$work/skips"
	if ((${#wanted[@]})) || [[ -n ${SHOW:-} ]]; then
		(set +e; (set -e; "step_$name") 2>&1; echo $? >"$work/rc") | tee "$work/log"
	else
		(set +e; (set -e; "step_$name") >"$work/log" 2>&1; echo $? >"$work/rc")
	fi
	rc=$(cat "$work/rc")
	if ((rc)); then
		((${#wanted[@]})) || [[ -n ${SHOW:-} ]] || cat "$work/log"
		echo "--- FAIL: $name ($(elapsed "$start"))"
		failed+=("$name")
		return 0
	fi
	((${#wanted[@]})) || [[ -n ${SHOW:-} ]] || grep -E '^(# |--- SKIP: )' "$work/log" || true
	echo "--- PASS: $name ($(elapsed "$start"))"
	passed+=("$name")
	while read -r reason; do skipped+=("$name: $reason"); done <"$work/skips"
}

# finish prints the summary, in the manner of go test, and ends the script.
finish() {
	for name in "${wanted[@]}"; do
		if [[ " ${steps[*]} " != *" $name "* ]]; then
			echo "there is no step $name; there are ${steps[*]}" >&2
			exit 2
		fi
	done
	echo
	for s in "${skipped[@]}"; do echo "skipped  $s"; done
	if ((${#failed[@]})); then
		echo "failed   ${failed[*]}"
		echo "FAIL"
		printf 'FAIL\t%s\t%s\n' "$0" "$(elapsed "$began")"
		exit 1
	fi
	echo "${#passed[@]} steps passed"
	echo "PASS"
	printf 'ok  \t%s\t%s\n' "$0" "$(elapsed "$began")"
}

# can_race: the race detector needs a C compiler to link with.
can_race() { [[ -n $(command -v "$($go env CC)" || true) ]]; }

# has_python says whether there is a python3 that runs.
has_python() { python3 -c 'import json' >/dev/null 2>&1; }

# fuzz_one TIME PACKAGE TARGET tries again when the fuzzing engine has missed its
# own deadline, which it calls a failure of the target; it names no input then.
fuzz_one() {
	local try
	for try in 1 2 3; do
		if $go test -run '^$' -fuzz "^$3\$" -fuzztime "$1" "$2" >"$work/fuzz" 2>&1; then
			tail -1 "$work/fuzz"
			return 0
		fi
		if grep -q 'Failing input written' "$work/fuzz" || ! grep -q '^ *context deadline exceeded$' "$work/fuzz"; then
			break
		fi
	done
	cat "$work/fuzz"
	return 1
}

# fuzz TIME [PARTS] gives each fuzz target of the module that much time; with
# PARTS one of so many, the next one on the next day.
fuzz() {
	local pkg names=() targets name parts=${2:-1} seen=0
	# One line a target, then one that names the package.
	targets=$($go test -list '^Fuzz' ./...)
	local count=0
	while read -r first pkg _; do
		case $first in
		Fuzz*) names+=("$first") ;;
		ok)
			for name in "${names[@]}"; do
				seen=$((seen + 1))
				if (((seen + 10#$(date +%j)) % parts)); then continue; fi
				echo "=== $pkg $name"
				fuzz_one "$1" "$pkg" "$name"
				count=$((count + 1))
			done
			names=()
			;;
		esac
	done <<<"$targets"
	echo "# $count of $seen fuzz targets"
	((count > 0))
}

# stress N [FLAG…] does N operations with each thing that goroutines wait for.
stress() {
	local n=$1
	shift
	CONEX_STRESS=$n $go test -count=1 -timeout 60m "$@" ./internal/park ./threading/... ./queue ./sched ./contextvars \
		$($go list ./multiprocessing/... | grep -v /managers)
}

# stress_managers N does it with managers: N objects come and go, 10,000 bad
# connections are beside 100 good ones, and all CPythons are servers and clients.
stress_managers() { CONEX_STRESS=$1 $go test -count=1 -timeout 60m ./pickle ./internal/pywire ./multiprocessing/managers; }

# chaos KILLS [FLAG…] does that many kills to each thing that must survive them:
# pools, processes, locks, queues, pipes and whatever else has a test of chaos.
chaos() {
	local kills=$1 count
	shift
	CONEX_CHAOS=$kills $go test -p 1 -count=1 -timeout 60m -run 'Chaos' -v "$@" ./futures/process ./futures/python ./internal/... ./multiprocessing/... ./subprocess |
		grep -v 'no test files\|no tests to run' | tee "$work/chaos"
	count=$(grep -c '^--- PASS: Test.*Chaos' "$work/chaos") # go test is content with no tests at all
	echo "# $count tests of chaos with $kills kills each${*:+ ($*)}"
	((count >= 10))
}
