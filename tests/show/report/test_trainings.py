"""Is each training drawn once, with what was kept?"""

from dataclasses import replace

from fakes import a_training
from reportparts import FLOAT, INTEGER, timed
from zoobench.show.report.trainings import trainings_of

TRAINED = a_training()


def test_cells_of_one_head_share_its_picture() -> None:
    (figure,) = trainings_of([replace(one, training=TRAINED) for one in (FLOAT, INTEGER)])
    assert figure.title == "Training of mobilenet's head"
    assert figure.notes == ("4 epochs, 7.03 s; epoch 2 was kept.",)
    assert figure.sheet is not None
    assert figure.sheet.grid.rows[:2] == (("1", "2.500", "25.0", "–", "–"), ("2", "1.250", "50.0", "1.500", "50.0"))


def test_two_heads_of_one_backbone_are_told_apart() -> None:
    other = a_training(seconds=None, kept_epoch=None)
    found = trainings_of([replace(FLOAT, training=TRAINED), replace(INTEGER, training=other)])
    assert [one.name for one in found] == ["training-1", "training-2"]
    assert len({one.title for one in found}) == 2
    assert found[1].notes == ("4 epochs; which epoch was kept is not known.",)


def test_each_backbone_has_its_own() -> None:
    other = timed("float32", 0.02, backbone="xception")
    found = trainings_of([replace(one, training=TRAINED) for one in (FLOAT, other)])
    assert [one.title for one in found] == ["Training of mobilenet's head", "Training of xception's head"]


def test_without_curves_there_is_no_picture() -> None:
    assert trainings_of([replace(one, training=None) for one in (FLOAT, INTEGER)]) == ()
