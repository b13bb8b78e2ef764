import re

import pytest

from sr_utils import claims, paths
from sr_utils.claims import table
from sr_utils.claims.table import BY_ID, CLAIMS, METRICS
from sr_utils.models.arms import ARMS as TRAINED
from sr_utils.models.arms import PICTURES_COMPARED, PLACES
from tests.observations import ARMS

PRIMARY = {c.id: c for c in CLAIMS if c.family == "primary"}


def test_ids_and_texts_are_unique_and_no_row_tests_the_same_twice():
    assert len({c.id for c in CLAIMS}) == len({c.claim for c in CLAIMS}) == len(CLAIMS) == len(BY_ID)
    assert len({c.original for c in PRIMARY.values()}) == len(PRIMARY)
    tested = [(c.arm, c.reference, c.metric, c.expect, c.null, c.margin, c.estimator) for c in CLAIMS if c.arm]
    assert len(set(tested)) == len(tested)


def test_parts_are_secondary_rows_that_test_something_themselves():
    for whole in PRIMARY.values():
        assert bool(whole.parts) != bool(whole.arm)  # an intersection, or a row that is tested itself
        for id in whole.parts:
            assert not BY_ID[id].parts and BY_ID[id].family == "secondary" and not BY_ID[id].control
            assert BY_ID[id].part_of == whole.id


def test_claims_are_about_trained_arms_and_described_metrics_and_the_five_by_two_design_is_complete():
    """What the skip does at each of five places, and what each place does without and with it."""
    assert set(ARMS) | set(PICTURES_COMPARED) <= set(TRAINED)
    assert {c.metric for c in CLAIMS} == set(METRICS.index)
    pairs = {(c.arm, c.reference) for c in CLAIMS if c.metric == "psnr" and c.study == 2}
    for place, plain in {"srcnn": "srcnn", **PLACES}.items():
        assert (f"{place}_skip", plain) in pairs
        assert place == "srcnn" or {(plain, "srcnn"), (f"{place}_skip", "srcnn_skip")} <= pairs


def test_the_claims_are_those_that_were_registered():
    """A row that differs is exploratory, and the registration says so."""
    text = (paths.ROOT / "record/registration.md").read_text(encoding="utf-8")
    kept = dict(re.findall(r"^(\w+) ([0-9a-f]{12})$", text, re.M))
    changed = {id for id, digest in kept.items() if table.digests().get(id) != digest}
    assert changed == set(re.findall(r"^- \*\*(\w+)\*\*", text.partition("## Changed since")[2], re.M))
    assert len(set(PRIMARY) & set(kept)) >= 15 and len(kept) > 100 and (changed or f"`{table.checksum(kept)}`" in text)


def test_the_published_rows():
    published = claims.PUBLISHED
    assert published.loc["VDSR", "Set5"] == 31.35 and published.loc["EDSR", "Urban100"] == 26.64
    assert published.loc["CARN-M", ["Set5", "Set14", "BSD100"]].tolist() == [31.92, 28.42, 27.44]
    pixels = 1280 * 720  # the costs of light networks are published for one such picture
    for network, billions in {"CARN-M": 32.5, "IMDN": 40.9, "LapSRN": 149.4}.items():
        assert published.macs[network] == pytest.approx(billions * 1e9 / pixels, abs=1)
    assert published.source.str.contains("arXiv").all()
