import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sr_utils import StudyError, models, paths, profiles
from sr_utils.claims import record as results
from sr_utils.claims import table as claims
from sr_utils.data.sets import load
from sr_utils.evaluation import scores as evaluation
from sr_utils.training import runs as training
from tests.test_claims import observed
from tools import publish


@pytest.fixture
def written():
    """A record of one run at `smoke`, with scores and judged claims."""
    runs = [training.train("post_upsampling", 0, "smoke", "sample")]
    scores = evaluation.score_all(["bicubic", *runs], {"sample": load("sample").valid[:2]})
    judged = claims.judge(observed(combined=0.5, residual=-0.5))
    tables = {"scores": scores, "claims": judged.rename_axis("id").reset_index()}
    results.write("smoke", runs, tables, "what made it")
    return runs, scores, judged


def test_what_is_written_is_read_again(written):
    runs, scores, judged = written
    record = results.read("smoke")
    assert record["caption"] == "what made it" and record["profile"] == "smoke"
    pd.testing.assert_frame_equal(record["scores"], scores, check_dtype=False, rtol=1e-5)
    assert record["claims"].verdict.tolist() == judged.verdict.tolist()
    (run,) = record["runs"]
    assert run["label"] == "post_upsampling" and run["steps"] == 6 and run["parameters"] == 80_720
    assert run["final"]["val_mse"] == runs[0].history["val_mse"].iloc[-1]


def test_the_committed_records_are_of_these_profiles():
    for record in paths.ROOT.glob("figures/*/results.json"):
        profile = profiles.get(record.parent.name)
        assert {run["steps"] for run in json.loads(record.read_text())["runs"]} == {profile.total_steps}


def test_kept_scores_are_of_these_images(written):
    """A folder's name stays when its images change."""
    (run,), pairs = written[0], load("sample").valid
    first, second = (evaluation.score_all([run], {"mine": pairs[i : i + 1]}) for i in (0, 1))
    assert first.image.tolist() == [pairs[0].name] and second.image.tolist() == [pairs[1].name]
    assert evaluation.score_all([run], {"mine": pairs[:1]}).equals(first)


def test_what_differs_from_host_to_host_stands_apart(written):
    text = (paths.figures() / "smoke/results.json").read_text()
    record = json.loads(text)
    assert set(record.pop("host")) == {"versions", "seconds_per_step"}
    assert "seconds" not in json.dumps(record) and str(paths.ROOT) not in text


def test_means_are_over_images_and_a_step_is_measured_from_the_one_before():
    arms = [claims.LADDER[0][1], *(arm for arm, *_ in claims.LADDER)]
    scores = pd.DataFrame(
        {"arm": arm, "seed": 0, "set": "Set5" if i < 3 else "Set14", "image": str(i), "psnr": 20.0 + step**2 + i}
        for step, arm in enumerate(arms)
        for i in range(4)
    )
    runs = [SimpleNamespace(label=arm, model=models.build(arm.split(" ")[0])) for arm in arms]
    assert results.quality_and_cost(runs, scores).psnr.tolist() == [21.5, 22.5, 25.5, 30.5, 37.5]
    steps = results.ladder(runs, scores)
    assert steps.index.tolist() == arms and steps.psnr.tolist() == [21.5, 22.5, 25.5, 30.5, 37.5]
    assert steps.difference.tolist() == [0, 1, 3, 5, 7] == steps.low.tolist()
    assert steps.parameters.tolist() == [69_251, 80_720, 80_720, 620_336, 620_336]


def test_every_profile_that_was_run_has_a_column(written):
    (heading,) = results.claims_by_run()
    assert heading == "smoke, sample, 1 seed"
    assert list(results.claims_by_run()[heading].index) == [c.id for c in claims.CLAIMS]


def test_what_survives_a_longer_schedule_is_counted_and_what_changes_is_named():
    def run(verdicts):
        rows = {id: {"claim": f"claim {id}", "p": np.nan if v is None else 0.01, "corrected": v} for id, v in verdicts}
        return pd.DataFrame.from_dict(rows, orient="index")

    yes, no, maybe = "holds", "does not hold", "undecided"
    first = run(zip("abcdefg", (yes, no, maybe, maybe, yes, yes, yes), strict=True))
    second = run(zip("abcdefh", (yes, no, maybe, no, maybe, no, yes), strict=True))
    third = run(zip("abcdefh", (yes, None, maybe, no, maybe, no, yes), strict=True))
    third.loc["a", "claim"] = "another claim"
    assert results.survivors({"short": first, "long": second, "longer": third}).splitlines() == [
        "- **short → long**: 3 of 6 verdicts stay.",
        "  - 1 decided by the latter alone: d *claim d* (undecided → does not hold).",
        "  - 1 decided by the former alone: e *claim e* (holds → undecided).",
        "  - 1 reversed: f *claim f* (holds → does not hold).",
        "- **long → longer**: 5 of 5 verdicts stay.",
    ]
    assert results.survivors({"alone": first}) == ""


def test_a_record_that_is_absent_or_damaged_is_told(written):
    with pytest.raises(StudyError, match="does not exist; run make reproduce PROFILE=quick first"):
        results.read("quick")
    path = paths.figures() / "smoke/results.json"
    whole = path.read_text()
    path.write_text('{"runs": [], "scores": []}')
    with pytest.raises(StudyError, match="of an older version; run make reproduce PROFILE=smoke again"):
        results.read("smoke")
    path.write_text(whole[:500])
    with pytest.raises(StudyError, match="is damaged; run make reproduce PROFILE=smoke again"):
        results.read("smoke")


def test_an_unwritable_record_is_told(written, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("SR_FIGURES", str(tmp_path / "file"))
    with pytest.raises(StudyError, match="cannot be written .*; free space, or set SR_FIGURES"):
        results.write("smoke", written[0], {}, "")


def test_quality_and_cost_and_the_published_rows(written):
    runs, scores, _ = written
    table = results.quality_and_cost(runs, scores)
    assert table.loc["post_upsampling", "parameters"] == 80_720
    assert table.loc["post_upsampling", "psnr"] == pytest.approx(scores[scores.seed == 0].psnr.mean())
    published = results.published()
    assert published.loc["VDSR", "Set5"] == 31.35 and published.loc["EDSR", "Urban100"] == 26.64
    beside = results.beside_published(table, published)
    assert beside.loc["bicubic", "Set5"] == "28.42" and beside.loc["post_upsampling", "Set5"] == ""


def test_the_readme_is_filled_from_the_record(written):
    record = results.read("smoke")
    text = "a\n" + "".join(f"<!-- {name} -->\nformer\n<!-- /{name} -->\n" for name in publish.TABLES) + "z"
    filled = publish.fill(text, record)
    assert filled.startswith("a\n") and filled.endswith("\nz") and "former" not in filled
    assert f"| bicubic | {written[1][written[1].arm == 'bicubic'].psnr.mean():.2f} · " in filled
    assert "| `post_upsampling` | 80,720 | 5,036 |" in filled
    refuted = record["claims"][record["claims"].corrected == "does not hold"]
    assert filled.count("\n- ") == len(refuted) > 0 and "residual beats the baseline" in filled
    assert publish.fill(filled, record) == filled


def test_publishing_without_a_run_is_told(capsys):
    assert publish.main("smoke") == 1
    assert "holds no executed notebook; run make reproduce PROFILE=smoke first" in capsys.readouterr().err


def test_stripping_keeps_what_a_page_needs():
    import nbformat

    book = nbformat.v4.new_notebook(metadata={"papermill": {"duration": 3}})
    view = "application/vnd.jupyter.widget-view+json"
    outputs = [
        nbformat.v4.new_output("stream", name="stderr", text="50 %"),
        nbformat.v4.new_output("display_data", {view: {}, "text/plain": "x"}, metadata={"took": 3}),
    ]
    book.cells = [
        nbformat.v4.new_code_cell("# Parameters\nseeds = [1]\n", metadata={"tags": ["injected-parameters"], "took": 1}),
        nbformat.v4.new_code_cell("show()", outputs=outputs),
    ]
    injected, shown = publish.strip(book).cells
    assert injected.id == "reference-run" and injected.source == f"{publish.REFERENCE_NOTE}seeds = [1]"
    assert injected.metadata == {"tags": ["injected-parameters"]} and set(book.metadata) == {
        "kernelspec",
        "language_info",
    }
    (output,) = shown.outputs
    assert output.data == {"text/plain": "x"} and not output.metadata
    assert publish.strip(book).cells[0].source == injected.source  # once more changes nothing


def test_numbers_are_written_with_a_sign():
    assert [claims.signed(n) for n in (0.01234, -1234.5, 0.5)] == ["+0.0123", "−1,234", "+0.5"]
    assert claims.span(np.nan, 1) == "" and claims.span(-1, 2.5) == "−1 … +2.5"


def test_publishing_copies_the_pages_and_fills_the_readme(written, tmp_path, monkeypatch, capsys):
    import nbformat

    (paths.build() / "smoke").mkdir(parents=True)
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Page")], metadata={"papermill": {}})
    nbformat.write(book, paths.build() / "smoke/01_page.ipynb")
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "README.md").write_text("before\n<!-- costs -->\n<!-- /costs -->\nafter\n")
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path / "notebooks")
    assert publish.main("smoke") == 0
    assert "papermill" not in nbformat.read(tmp_path / "notebooks/01_page.ipynb", as_version=4).metadata
    filled = (tmp_path / "README.md").read_text()
    assert "| `post_upsampling` | 80,720 | 5,036 |\n<!-- /costs -->\nafter" in filled
    assert capsys.readouterr().out.count("\n") == 2
