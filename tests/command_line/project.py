"""A project from the command line, in a folder and on a server alike: its import, its settings, and how far run goes."""
import json
import re


def check_failed_import(querist, check, home, url):
    data = home / "failed.csv"
    data.write_text("text,label\ngood morning,ham\nwin money,spam\n")
    bad = home / "bad.csv"
    bad.write_text("text,label\n,ham\none,two,three\n")
    for place in (("--data-dir", home / "failed"), ("--server", url)):
        into = ("--project", "ghost", *place)
        for given, said in (((data, "--text", "nope"), '"nope"'), ((home / "none.csv",), "none.csv"),
                            ((bad,), "no row could be taken in, so the project ghost was not made")):
            code, shown, problem = querist("import", *given, *into)
            check(code == 1 and said in problem, f"an import that fails: {given}", shown + problem)
            code, _, problem = querist("status", *into)
            check(code == 1 and "ghost" in problem, "leaves no project", problem)
        code, shown, problem = querist("import", bad, *into, "--json", "--rejects", home / "rejects.csv")
        check(code == 1 and json.loads(shown)["rejected"] == 2 and len((home / "rejects.csv").read_text().splitlines()) == 3, "which says why", shown + problem)
        code, shown, problem = querist("import", bad, data, *into, "--text", "text", "--label", "label")
        check(code == 0 and "2 accepted, 0 duplicate, 2 rejected in ghost" in shown, "a good file makes it", shown + problem)
        other = home / "other.csv"
        other.write_text("text,label\ngood morning,spam\nwin money,spam\n")
        code, shown, problem = querist("import", other, *into, "--text", "text", "--label", "label")
        check(code == 0 and "0 accepted, 1 duplicate, 1 rejected" in shown and 'another label: "ham", not "spam"' in problem, "a label that contradicts is told", shown + problem)
        code, shown, problem = querist("import", data, *into, "--text", "nope")
        check(code == 1 and json.loads(querist("status", *into, "--json")[1])["counts"]["examples"] == 2, "and it stays when a later one fails", problem)


def check_settings(querist, check, home, url):
    data = home / "set.csv"
    data.write_text("text,label\ngood morning,ham\nwin money,spam\n")
    for place in (("--data-dir", home / "set"), ("--server", url)):
        project = ("--project", "set", *place)
        querist("import", data, *project, "--text", "text", "--label", "label")
        code, shown, problem = querist("settings", *project, "--json")
        rows = {row["name"]: row for row in json.loads(shown)["settings"]}
        check(code == 0 and {"strategy", "learner", "ssl", "target", "budget", "cost_per_hour", "stopping_kappa", "seed"} <= set(rows), "settings are listed", problem)
        check(all(row["value"] == row["fallback"] and row["help"] for row in rows.values()), "with their values, defaults and help", shown)
        code, shown, _ = querist("settings", *project)
        check(code == 0 and all(f"\n{name} = " in f"\n{shown}" and row["help"] in shown for name, row in rows.items()), "as text too", shown)
        check("target = 0.0   (default 0.0; 0 … 1)" in shown, "with their range", shown)
        code, shown, problem = querist("settings", *project, "strategy=max_herding(gamma=2)", "budget=200", "guard=off", "target=0.9", "learner")
        check(code == 0 and re.findall(r"^(\w+ = \S+)", shown, re.M) == ["strategy = max_herding(gamma=2)", "budget = 200", "guard = false", "target = 0.9", "learner = logistic_regression"],
              "those named are set and shown", shown + problem)
        listed = {row["name"]: row["value"] for row in json.loads(querist("settings", *project, "--json")[1])["settings"]}
        check({name for name in rows if listed[name] != rows[name]["fallback"]} == {"strategy", "budget", "guard", "target"}, "and no others", listed)
        for given, said in ((("stratgy=margin",), "did you mean strategy?"), (("kappa=0.9",), "did you mean stopping_kappa?"), (("zzzzzz=1",), "there are strategy, learner"),
                            (("target=5",), "between 0 and 1, not 5"), (("budget=many",), 'must be a number, not "many"'), (("guard=7",), "true or false"),
                            (("learner=nope",), 'learner must be one of auto, committee, forest, gbdt, logistic_regression, naive_bayes, neural_head, rbf_svm, not "nope"'),
                            (("strategy=nope",), "epig, expected_average_precision"), (("strategy=gsx",), "gsx is for regression; projects classify"),
                            (("strategy=gsy",), "gsy is for regression; projects classify"), (("strategy=mmc",), "mmc is for several labels an example; projects classify"),
                            (("strategy=arbiter(portfolio=(gsx, random))",), "gsx is for regression"), (("learner=ridge",), "not \"ridge\""),
                            (("calibration=platt(a=1)",), "calibration must be one of auto, dirichlet"), (("seed=1", "seed=2"), "twice"), (("seed=3", "target=9"), "between 0 and 1")):
            code, shown, problem = querist("settings", *project, *given)
            check(code == 2 and not shown and said in problem, f"refused: {given}", shown + problem)
        for word in ("gsx", "mmc"):
            check(f" {word}," not in querist("settings", *project, "strategy=nope")[2], f"{word} is not offered")
        code, shown, _ = querist("settings", *project, "strategy=", "seed")
        check(code == 0 and "strategy = auto " in shown and "seed = 0 " in shown, "an empty value is the default again; nothing of a refused call is kept", shown)


def check_run(querist, check, home, url):
    data, plain = home / "run.csv", home / "plain.jsonl"
    # Every label follows from its row, but for each seventh.
    data.write_text("a,y\n" + "".join(f"{i % 2 + i / 1000:.3f},{'no' if (i % 2) != (i % 7 == 0) else 'yes'}\n" for i in range(200)))
    plain.write_text("".join(json.dumps({"columns": {"a": i}, "label": "no" if i % 2 else "yes"}) + "\n" for i in range(30)))
    for place in (("--data-dir", home / "run"), ("--server", url)):
        project = ("--project", "run", *place)
        querist("import", data, *project, "--columns", "a", "--label", "y")
        for word in ("zzz", "label", "a", "Y"):
            code, shown, problem = querist("run", *project, "--oracle", word)
            check(code == 2 and f'do not come from "{word}"; what would do: y, column' in problem, f"--oracle {word} is refused", shown + problem)
        check(json.loads(querist("status", *project, "--json")[1])["cycle"] is None, "before anything is done")
        code, shown, problem = querist("run", *project, "--oracle", "column", "--until", "accuracy=0.4", "--json")
        ended = json.loads(shown)
        accuracy = ended["progress"]["metrics"]["accuracy"]
        check(code == 0 and ended["progress"]["metrics"]["audit_labels"] >= 20 and accuracy["value"] >= 0.4, "an accuracy takes 20 audit labels", shown + problem)
        check(ended["ended"] == f"audited accuracy {accuracy['value']:.3f} (95 % range {accuracy['ci_low']:.3f} to {accuracy['ci_high']:.3f}, on "
              f"{ended['progress']['metrics']['audit_labels']} audit labels) reached" and "missed" not in ended, "and is told with its range", ended["ended"])
        before = [point for point in ended["progress"]["curve"] if point["audit_labels"] and point["accuracy"] >= 0.4]
        check(before[0]["audit_labels"] < 20, "though fewer had reached it", before)
        code, shown, _ = querist("run", *project, "--oracle", "y", "--until", "accuracy=1")
        check(code == 0 and re.fullmatch(r"every example is labelled after \d+ rounds and 200 labels; the accuracy 1 is not reached: the audit has 0\.\d{3} "
                                         r"\(95 % range 0\.\d{3} to 0\.\d{3}, on \d+ audit labels\)\n", shown), "labels that run out before it are told", shown)
        code, shown, _ = querist("run", *project, "--oracle", "y", "--until", "stopped")
        check(code == 0 and re.search(r"\. After 0 rounds and 200 labels\.\n$", shown), "a sentence is followed by another", shown)
        querist("settings", *project, "stopping_kappa=0.95")
        report, shown = json.loads(querist("status", *project, "--json")[1]), querist("status", *project)[1]
        dial = shown.partition(report["stop"]["sentence"] + "\n")[2].splitlines()
        check(len(dial) == 1 + len(report["stop"]["dial"]) and "stopping_kappa" in dial[0], "status ends with the dial, a line a notch", shown)
        check([float(line.split()[0]) for line in dial[1:]] == [notch["kappa"] for notch in report["stop"]["dial"]] and
              [line.split()[0] for line in dial if line.endswith("<- set")] == ["0.95"], "and the set one marked", shown)
        few = ("--project", "few", *place)
        querist("import", plain, *few)
        code, shown, problem = querist("run", *few, "--oracle", "label", "--until", "accuracy=0.1")
        check(code == 0 and "on 3 audit labels); it takes 20" in shown, "too few audit labels are told", shown + problem)
    for wrong in ("banana=3", "accuracy", "stopped=1"):
        code, _, problem = querist("run", *project, "--until", wrong)
        check(code == 2 and f'labels=500, accuracy=0.9 or stopped, not "{wrong}"' in problem, f"--until {wrong} says what it takes", problem)


def check_all(querist, check, home, url):
    check_failed_import(querist, check, home, url)
    check_settings(querist, check, home, url)
    check_run(querist, check, home, url)
