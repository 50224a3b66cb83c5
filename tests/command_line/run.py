#!/usr/bin/python3
"""The command line as a person meets it: help with an example, exit codes, and where a setting comes from."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request

import project

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = os.environ.get("QUERIST_BINARY", ROOT / "build/querist")
ENV = {name: value for name, value in os.environ.items() if not name.startswith("QUERIST_")}
VERBS = ("serve import run next annotate train evaluate leakage predict status settings simulate select quality export models ledger users tokens "
         "strategies streams learners featurizers calibrators pseudo_labelers consensus out_of_distribution stopping formats reference").split()
KINDS = VERBS[VERBS.index("strategies"):-1]
WRONG = [[], ["nothing"], ["status", "--nothing"], ["import"], ["import", "x.csv"], ["serve", "--port", "many"], ["serve", "--port", "70000"],
         ["serve", "--database", "oracle"], ["serve", "--database", "postgresql://h/d"], ["run", "--until", "tomorrow"],
         ["run", "--until", "labels=x"], ["models", "burn"], ["models", "show"], ["models", "show", "x"], ["users", "burn"],
         ["users", "add"], ["tokens", "revoke", "x"], ["ledger", "burn"], ["export"], ["export", "everything"],
         ["export", "labels", "--format", "xls"], ["predict"], ["simulate"], ["leakage"], ["select"], ["quality"], ["annotate", "1"], ["annotate", "x", "ham"],
         *(["import", "x.csv", "--project", "p", option, names] for option in ("--classes", "--columns") for names in ("", ",")),
         *(["simulate", "x.csv", "--columns", names] for names in ("", ",")),
         ["simulate", "x.csv", "--stopping", ","], ["evaluate", "--groups", ","], ["next", "--count", "0"], ["status", "--server", "localhost"]]

results = []


def check(good, name, detail=""):
    results.append(bool(good))
    if not good:
        print(f"failed: {name}\n{detail}"[:2000])


def querist(*arguments, env=()):
    done = subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, env={**ENV, **dict(env)}, timeout=60,
                          stdin=subprocess.DEVNULL, cwd=HOME)
    return done.returncode, done.stdout, done.stderr


def check_help():
    code, shown, _ = querist("--help")
    listed = re.findall(r"^  ([a-z_]+) ", shown, re.M)
    check(code == 0 and listed == VERBS, "the help lists every verb", listed)
    for verb in listed:
        code, shown, _ = querist(verb, "--help")
        check(code == 0 and f"Example:\n  querist {verb}" in shown, f"{verb} --help has an example", shown)


def check_wrong_usage():
    for arguments in WRONG:
        code, shown, problem = querist(*arguments, "--data-dir", HOME / "data") if len(arguments) > 1 else querist(*arguments)
        check(code == 2 and not shown and len(problem) > 20, f"exit code 2: {arguments}", (code, shown, problem))
    check(not (HOME / "data/querist.db").exists(), "wrong usage makes no data folder")
    code, _, problem = querist("serve", "--database", "postgresql://u:secret@h/d")
    check("PostgreSQL is not there yet" in problem and "secret" not in problem, "PostgreSQL is said not to be there", problem)


def served_port(*arguments, env=()):
    """The port that serve takes, read from its first line; the problem when it does not start."""
    process = subprocess.Popen([BINARY, "serve", *map(str, arguments)], env={**ENV, **dict(env)}, cwd=HOME, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    line = process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    _, problem = process.communicate(timeout=30)
    found = re.search(r"http://([^ ]+):(\d+)", line)
    return (found.group(1), int(found.group(2))) if found else problem


@contextlib.contextmanager
def served(*arguments):
    """A server's address while it runs."""
    process = subprocess.Popen([BINARY, "serve", "--port", "0", *map(str, arguments)], env=ENV, cwd=HOME, stdout=subprocess.PIPE, text=True)
    try:
        yield re.search(r"http://[^ ]+:\d+", process.stdout.readline()).group(0)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def check_reference():
    code, reference, problem = querist("reference")
    check(code == 0, "the reference is printed", problem)
    for kind in KINDS:
        code, listed, problem = querist(kind, "--json")
        cards = json.loads(listed)
        check(code == 0 and len(cards) > 3 and all(card["summary"] for card in cards), f"{kind} are listed", problem)
        shown = querist(kind)[1]
        for card in cards:
            check(re.search(rf"^{re.escape(card['name'])} +[A-Z]", shown, re.M) and f"\n### {card['name']}\n\n{card['summary']}" in reference,
                  f"{kind}: {card['name']} as text and in the reference")
            for param in card["params"]:
                check(f"{param['name']} = {param['fallback']}" in shown and f"| `{param['name']}` | {param['type']} | {param['fallback']} |" in reference,
                      f"{kind}: {card['name']}'s {param['name']}")
    with served("--data-dir", HOME / "routes") as url:
        served_rows = json.loads(urllib.request.urlopen(f"{url}/openapi.json", timeout=30).read())["paths"]
    routes = sorted(f"{method.upper()} {path}" for path, methods in served_rows.items() for method in methods)
    check(sorted(re.findall(r"^### `([A-Z]+ /.*)`$", reference, re.M)) == routes and len(routes) > 40, "every route is in the reference", routes)
    for path, methods in served_rows.items():
        for method, row in methods.items():
            section = reference.partition(f"### `{method.upper()} {path}`\n")[2].partition("\n### ")[0]
            fields = [item["name"] for item in row["parameters"] if item["in"] == "query"]
            fields += row.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {}).get("properties", {})
            check(row["summary"] in section and f"Role: {row.get('x-role', 'anyone')}." in section, f"{method} {path} says what it does and who may", section)
            check(sorted(re.findall(r"^\| `(\w+)`", section, re.M)) == sorted(fields), f"{method} {path} has its fields", section)


def check_quality():
    answers, out = HOME / "answers.csv", HOME / "consensus.csv"
    rows = [(f"pair, {i}", worker, "yes" if (i % 3 == 0) != (worker == "liar") else "no") for i in range(30) for worker in ("ada", "bob", "cy", "liar")]
    answers.write_text("thing,who,said\n" + "".join(f'"{item}",{worker},{label}\n' for item, worker, label in rows) + ",ada,yes\n")
    given = ("quality", answers, "--item", "thing", "--annotator", "who", "--label", "said")
    code, shown, problem = querist(*given, "--out", out, "--json")
    check(code == 0, "quality reads a file of answers", problem)
    found = json.loads(shown)
    check(found["items"] == 30 and found["answers"] == 120 and found["rows_left_out"] == 1 and found["method"] == "dawid_skene", "and counts it", shown)
    check(all(row["label"] == ("yes" if int(row["item"].split()[1]) % 3 == 0 else "no") for row in found["consensus"]), "three outvote one", shown)
    worst = found["annotator_report"][0]
    check(worst["annotator"] == "liar" and worst["quality"] < 0.1, "the worst annotator comes first", worst)
    # Of six pairs of an item's answers the three among the honest agree.
    check(abs(found["agreement"]["observed"] - 0.5) < 1e-9, "the agreement", found["agreement"])
    check(out.read_text().startswith('item,label,probability,answers\n"pair, 0",yes,'), "--out writes CSV", out.read_text()[:80])
    check("liar" in querist(*given)[1], "the report names annotators")
    code, _, problem = querist("quality", answers)
    check(code == 1 and "thing" in problem, "a column that is not there is named beside those that are", problem)
    (HOME / "again.csv").write_text(answers.read_text() + '"pair, 7",bob,no\n')
    code, _, problem = querist("quality", HOME / "again.csv", *given[2:])
    check(code == 1 and "row 122: annotator bob has answered item pair, 7 before" in problem, "a second answer is named", problem)
    code, _, problem = querist(*given, "--method", "crowdlab")
    check(code == 2 and "Python" in problem, "what needs a model says where it runs", problem)


def check_config():
    config, second = HOME / "querist.toml", HOME / "second.toml"
    config.write_text(f'host = "127.0.0.2"\nport = 18431\ndata_dir = "{HOME / "from_file"}"\n')
    second.write_text("port = 18432\n")
    check(served_port("--config", config) == ("127.0.0.2", 18431), "settings come from the file")
    check((HOME / "from_file").exists(), "the data folder too")
    check(served_port("--config", config, env={"QUERIST_PORT": "18433"}) == ("127.0.0.2", 18433), "a variable beats the file")
    check(served_port("--config", config, "--port", "18434", env={"QUERIST_PORT": "18433"}) == ("127.0.0.2", 18434), "a flag beats both")
    check(served_port(env={"QUERIST_CONFIG": config}) == ("127.0.0.2", 18431), "QUERIST_CONFIG names the file")
    check(served_port("--config", second, "--data-dir", HOME / "a", env={"QUERIST_CONFIG": config}) == ("127.0.0.1", 18432),
          "--config beats QUERIST_CONFIG")
    for content, said in (("prot = 1\n", "line 1: there is no setting \"prot\""), ("\nport = true\n", "line 2: port must be a number"),
                          ("port =\n", "line 1: "), ('database = "postgresql://h/d"\n', "PostgreSQL is not there yet")):
        config.write_text(content)
        code, _, problem = querist("serve", "--config", config)
        check(code == 2 and said in problem, f"refused: {content!r}", problem)
    code, _, problem = querist("serve", "--config", HOME / "none.toml")
    check(code == 2 and "none.toml" in problem, "a file that is not there", problem)
    code, shown, _ = querist("serve", "--show-config", "--port", "18435")
    check(code == 0 and "\nport = 18435\n" in shown and "\n# workers = 8\n" in shown, "--show-config prints a file", shown)
    config.write_text(shown.replace("# host", "host"))
    check(served_port("--config", config, "--data-dir", HOME / "a") == ("127.0.0.1", 18435), "which can be read", shown)


def check_simulate():
    data = HOME / "points.csv"
    data.write_text("key,a,y\n" + "".join(f"{i % 40},{i % 7 + 3 * (i % 2)},{'no' if i % 2 else 'yes'}\n" for i in range(80)))
    given = ("simulate", data, "--columns", "a", "--label", "y", "--strategies", "random", "--seeds", "1", "--initial", "4", "--batch-size", "4", "--budget", "8")
    code, _, problem = querist(*given)
    check(code == 0 and not problem, "a plan without doubts says nothing", problem)
    code, _, problem = querist(*given, "--id", "key")
    check(code == 0 and "40 rows were left out" in problem, "repeated ids are left out", problem)
    code, _, problem = querist(*given[:-1], "400", "--audit-share", "1", "--noise", "1")
    check(code == 0 and all(word in problem for word in ("above the pool of 48", "--audit-share 1", "--noise 1")), "doubts are told", problem)
    comma = HOME / "comma.csv"
    comma.write_text(data.read_text().replace("key,a,y", 'key,"a,2",y', 1))
    code, _, problem = querist(given[0], comma, "--columns", '"a,2",key', *given[4:])
    check(code == 0 and not problem, "a column with a comma in its name stands in quotes", problem)
    code, _, problem = querist(given[0], comma, "--columns", '"a,2', *given[4:])
    check(code == 2 and "--columns: the quote is not closed" in problem, "a quote that is not closed is wrong usage", problem)
    code, _, problem = querist(*given, "--cost-column", "price")
    check(code == 1 and 'no column "price", asked for as cost_column' in problem, "a cost column that is none", problem)
    code, _, problem = querist(*given, "--out", HOME / "nowhere/x.json")
    check(code == 1 and f"there is no folder {HOME / 'nowhere'}" in problem, "a folder that is none", problem)
    for option in ("--out", "--html"):
        code, shown, problem = querist(*given, option, HOME)
        check(code == 1 and f"{HOME} is a folder: name a file in it" in problem and not shown, f"a folder as {option}, before anything runs", problem)
    for option in (("--votes", "3"), ("--annotator-accuracy", "0.9"), ("--annotator-errors", "confusion"), ("--spammers", "0.1"), ("--labels-saved",)):
        code, _, problem = querist(*given, *option)
        check(code == 2 and f"{option[0]} does nothing without" in problem, f"an idle {option[0]} is refused", problem)
    code, _, problem = querist(*(word if word != "random" else "igs" for word in given))
    check(code == 1 and "igs is for regression" in problem and "--task regression" in problem, "a strategy of numbers names its task", problem)
    code, _, problem = querist(*given[:-1], "400", "--learner", "nobody")
    check(code == 1 and "nobody" in problem and "above the pool" not in problem, "a wrong name is told before doubts", problem)
    code, _, problem = querist(*given, "--metric", "aubc_trapz_over_n")
    check(code == 1 and "needs two rounds" in problem, "an area of one point is refused", problem)
    code, shown, _ = querist(*given, "--full-accuracy", "--cost-per-label", "0.5")
    check(code == 0 and "cost 4, area over cost" in shown and "all labels give" in shown, "costs and the whole pool are told", shown)
    one, two = HOME / "one.json", HOME / "two.json"
    lists = (*(word if word != "random" else "margin,random" for word in given[:-4]), "--batch-size", "4,2", "--budget", "8,12")
    code, shown, problem = querist(*lists, "--out", one, "--html", HOME / "one.html", "--noise", "0.1")
    check("--budget 8,12 --seeds 1 --noise 0.1" in (HOME / "one.html").read_text(), "the report says what it was asked", "")
    check(code == 0 and shown.count("== batches of ") == 4 and "== batches of 2, 12 labels" in shown, "a section for each batch size and budget", shown)
    rows = json.loads(one.read_text())["summary"]
    check([(row["batch_size"], row["budget"]) for row in rows[::2]] == [(4, 8), (4, 12), (2, 8), (2, 12)], "whose rows say both", rows)
    for wrong in ("4,x", "4,4", "0", "4,2.5"):
        code, _, problem = querist(*given[:-3], wrong, *given[-2:])
        check(code == 2 and "batch_size" in problem, f"--batch-size {wrong} is refused", problem)
    querist(*lists, "--first-seed", "5", "--out", two)
    code, shown, problem = querist("simulate", "--combine", f"{one},{two}", "--html", HOME / "both.html", "--out", HOME / "both.json")
    check(code == 0 and shown.count("over 2 data sets") == 4 and "no corrected p is below 0.5" in shown, "two results are combined", problem + shown)
    check(len(json.loads((HOME / "both.json").read_text())["ranks"]) == 4 and "2 data sets" in (HOME / "both.html").read_text(), "as files too")
    two.write_text(two.read_text()[:-9])
    code, _, problem = querist("simulate", "--combine", f"{one},{two}")
    check(code == 1 and "two.json is no whole JSON" in problem, "a damaged result is refused", problem)
    for wrong in (("--combine", ","), (data, "--combine", one), ("--combine", f"{one},{two}", "--seeds", "3")):
        check(querist("simulate", *wrong)[0] == 2, f"refused: {wrong}")


def check_simulated_regression():
    data = HOME / "numbers.csv"
    data.write_text("a,b,y\n" + "".join(f"{i % 7},{i % 11},{3 * (i % 7) - i % 11 + 0.1 * (i % 3)}\n" for i in range(120)))
    given = ("simulate", data, "--columns", "a,b", "--label", "y", "--task", "regression", "--seeds", "2", "--initial", "5", "--batch-size", "5", "--budget", "20")
    one, two = HOME / "numbers-one.json", HOME / "numbers-two.json"
    code, shown, problem = querist(*given, "--out", one, "--html", HOME / "numbers.html")
    check(code == 0 and "lower is better" in shown and "R²" in shown and not problem, "numbers are told by their errors", shown + problem)
    result = json.loads(one.read_text())
    check(result["metric"] == "rmse" and [row["learner"] for row in result["summary"]] == ["ridge"] * 3, "ridge unless told otherwise", result["summary"])
    check("final_rmse_mean" in result["summary"][0] and "accuracy" not in result["runs"][0], "measures of numbers alone", result["summary"][0])
    check("labels_to_reach" in result["summary"][0] and "Lower is better" in (HOME / "numbers.html").read_text(), "and in the report")
    querist(*given, "--first-seed", "9", "--out", two)
    code, shown, problem = querist("simulate", "--combine", f"{one},{two}")
    check(code == 0 and "standard deviations" in shown, "results of numbers are combined", shown + problem)
    code, shown, problem = querist(*given, "--learner", "gaussian_process", "--strategies", "committee_variance,random")
    check(code == 0 and "90 % coverage" in shown, "intervals where the learner gives them", shown + problem)
    for wrong, said in ((("--ssl", "auto"), "--ssl is for one class an example"), (("--audit-share", "0.1"), "--audit-share is for one class"), (("--guard", "off"), "--guard is for one class"),
                        (("--metric", "accuracy"), "--metric accuracy is not for"), (("--protocol", "screening"), "fixes task")):
        code, _, problem = querist(*given, *wrong)
        check(code == 2 and said in problem, f"refused of numbers: {wrong}", problem)
    for wrong, said in ((("--strategies", "margin"), "for regression there are"), (("--learner", "naive_bayes"), "does not learn numbers"), (("--strategies", "auto"), "gsx")):
        code, _, problem = querist(*given, *wrong)
        check(code == 1 and said in problem, f"refused of numbers: {wrong}", problem)
    code, _, problem = querist(*given[:6], "--metric", "rmse", *given[8:])
    check(code == 2 and "--metric rmse is not for --task classification" in problem, "an error of numbers is no metric of classes", problem)
    data.write_text(data.read_text() + "1,2,many\n")
    code, _, problem = querist(*given)
    check(code == 1 and 'row 121: the label "many"' in problem, "a label that is no number, with its row", problem)


def check_screening():
    data = HOME / "records.csv"
    data.write_text("text,label\n" + "".join(f"{'a trial of drugs' if i % 8 == 0 else 'a survey of schools'} {i},{'yes' if i % 8 == 0 else 'no'}\n" for i in range(120)))
    given = ("simulate", data, "--text", "text", "--label", "label", "--protocol", "screening", "--seeds", "2", "--strategies", "certainty", "--json")
    usual = json.loads(querist(*given)[1])
    named = json.loads(querist(*given, "--learner", "naive_bayes(class_weight=balanced, smoothing=10)")[1])
    check([run["found_at"] for run in usual["runs"]] == [run["found_at"] for run in named["runs"]], "the usual learner of reviews of texts", usual["summary"])
    code, shown, problem = querist(*given, "--featurizer", "tfidf(char_max=0)")
    check(code == 0 and json.loads(shown)["runs"], "a featurizer with its parameters", problem)
    code, _, problem = querist(*given, "--featurizer", "tfidf(width=3)")
    check(code == 1 and "width" in problem, "a parameter that a featurizer does not have", problem)
    code, _, problem = querist(*given, "--featurizer", "pixels")
    check(code == 1 and "reads image" in problem, "a featurizer of other payloads", problem)


def check_simulated_sets():
    cells, columns, lists = HOME / "sets.csv", HOME / "flags.csv", HOME / "sets.jsonl"
    rows = [(i % 7, i % 11, [name for name, says in (("far", i % 7 > 3), ("near", i % 11 < 4 or i % 7 == 1), ("odd", (i % 7 + i % 11) % 2 == 1)) if says]) for i in range(120)]
    cells.write_text("a,b,topics\n" + "".join(f"{a},{b},{'|'.join(names)}\n" for a, b, names in rows))
    columns.write_text("a,b,far,near,odd\n" + "".join(f"{a},{b},{','.join(str(int(name in names)) for name in ('far', 'near', 'odd'))}\n" for a, b, names in rows))
    lists.write_text("".join(json.dumps({"a": a, "b": b, "labels": names}) + "\n" for a, b, names in rows) + '{"a": 1, "b": 2, "labels": null}\n')
    given = ("--columns", "a,b", "--task", "multi_label", "--seeds", "2", "--initial", "6", "--batch-size", "6", "--budget", "24")
    one, two = HOME / "sets-one.json", HOME / "sets-two.json"
    code, shown, problem = querist("simulate", cells, "--label", "topics", *given, "--out", one, "--html", HOME / "sets.html")
    check(code == 0 and "micro F1" in shown and "Hamming loss" in shown and "rows have no label: none applies" in problem, "sets are told by their scores", shown + problem)
    result = json.loads(one.read_text())
    check(result["metric"] == "micro_f1" and [row["strategy"] for row in result["summary"]] == ["mmc", "multilabel_margin", "random"], "with the usual strategies", result["summary"])
    check("accuracy" not in result["runs"][0] and "labels_to_reach" in result["summary"][0] and "3 labels (" in (HOME / "sets.html").read_text(), "by measures of sets alone", result["summary"][0])
    for data, label in ((columns, ("--label", "odd,near,far")), (lists, ())):
        code, _, problem = querist("simulate", data, *label, *given, "--out", two)
        again = json.loads(two.read_text())
        check(code == 0 and [run["micro_f1"] for run in again["runs"]] == [run["micro_f1"] for run in result["runs"]], f"{data.name} says the same sets", problem)
    querist("simulate", cells, "--label", "topics", *given, "--first-seed", "9", "--out", two)
    code, shown, problem = querist("simulate", "--combine", f"{one},{two}")
    check(code == 0 and "over 2 data sets" in shown, "results of sets are combined", shown + problem)
    code, shown, problem = querist("simulate", cells, "--label", "topics", *given, "--metric", "hamming_loss", "--full-accuracy")
    check(code == 0 and "lower is better" in shown and "all labels give micro F1" in shown, "areas of a loss", shown + problem)
    code, _, problem = querist("simulate", cells, "--label", "topics", *given, "--label-separator", ";")
    check(code == 0 and "no row has more than one label" in problem, "a separator that divides nothing is doubted", problem)
    for wrong, said in ((("--stopping", "stabilizing_predictions"), "--stopping is for one class"), (("--noise", "0.1"), "--noise is for one class"), (("--metric", "rmse"), "--metric rmse is not for"),
                        (("--label-separator", ""), "--label-separator is empty"), (("--protocol", "screening"), "fixes task")):
        code, _, problem = querist("simulate", cells, "--label", "topics", *given, *wrong)
        check(code == 2 and said in problem, f"refused of sets: {wrong}", problem)
    for wrong, said in ((("--strategies", "margin"), "for multi_label there are"), (("--learner", "forest"), "does not learn several labels")):
        code, _, problem = querist("simulate", cells, "--label", "topics", *given, *wrong)
        check(code == 1 and said in problem, f"refused of sets: {wrong}", problem)
    code, _, problem = querist("simulate", cells, "--label", "topics", *given[:2], *given[4:], "--label-separator", ";")
    check(code == 2 and "--label-separator is for --task multi_label" in problem, "classes have no separator", problem)
    columns.write_text(columns.read_text() + "1,2,0,yes,1\n")
    code, _, problem = querist("simulate", columns, "--label", "odd,near,far", *given)
    check(code == 0 and 'row 121 was left out: the label column "near" holds "yes"' in problem, "a cell that is no flag, with its row", problem)


def check_until():
    data = HOME / "until.csv"
    data.write_text("a,y\n" + "".join(f"{i % 11 + 3 * (i % 2) + i / 1000},{'no' if i % 2 else 'yes'}\n" for i in range(80)))
    project = ("--project", "p", "--data-dir", HOME / "until")
    querist("import", data, *project, "--columns", "a", "--label", "y")
    code, shown, _ = querist("run", *project, "--oracle", "y", "--until", "labels=26")
    check(code == 0 and "and 26 labels" in shown, "the last batch is cut", shown)
    listed = json.loads(querist("status", *project, "--json")[1])
    check(listed["counts"]["labeled"] == 26 and listed["curve"][-1]["labels"] + listed["counts"]["audit"] == 26, "and trained on", listed["curve"])
    code, shown, _ = querist("run", *project, "--oracle", "y", "--until", "labels=45")
    check(code == 0 and "and 45 labels" in shown, "and goes on", shown)
    code, shown, problem = querist("train", *project)
    check(code == 0 and "audit labels\naccuracy" in shown, "train tells the audited accuracy", problem + shown)
    code, shown, problem = querist("evaluate", *project)
    check(code == 0 and "f1 macro" in shown, "evaluate the scores too", problem + shown)


def main():
    check_simulate()
    check_simulated_regression()
    check_screening()
    check_simulated_sets()
    check_until()
    with served("--data-dir", HOME / "served") as url:
        project.check_all(querist, check, HOME, url)
    check_help()
    check_reference()
    check_wrong_usage()
    check_config()
    check_quality()
    failed = results.count(False)
    print(f"{len(results) - failed} passed, {failed} failed")
    shutil.rmtree(HOME)
    return 1 if failed else 0


HOME = pathlib.Path(tempfile.mkdtemp(prefix="querist-command-line-"))
if __name__ == "__main__":
    sys.exit(main())
