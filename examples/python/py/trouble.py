"""What goes wrong in real life."""
import os
import signal
import time


def leave(code):
    os._exit(code)


def crash():
    os.kill(os.getpid(), signal.SIGSEGV)  # as an extension module does


def hang():
    while True:
        try:
            wait_for("Godot")
        except:  # catches also what is raised in a task whose time is over
            pass


def wait_for(who):
    time.sleep(60)


def report(name, figures):
    try:
        return "%s: %.1f" % (name, mean(figures))
    except ZeroDivisionError as e:
        raise ValueError("no figures of %s" % name) from e


def mean(figures):
    return sum(figures) / len(figures)
