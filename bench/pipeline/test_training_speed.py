"""How much faster is a head trained on features than through the whole model?"""

import numpy as np
import pytest
from finding import Finding
from fresh import costed
from saved import Findings
from training import on_features, through_the_whole_model

from zoobench.build.recipe import BuildRequest


def test_a_head_on_features_against_the_whole_model(
    build_request: BuildRequest, findings: Findings, pytestconfig: pytest.Config
) -> None:
    epochs = min(pytestconfig.getoption("--pipeline-direct-epochs"), build_request.training.epochs)
    ours_cost, ours = costed(on_features, build_request, epochs=epochs)
    direct_cost, direct = costed(through_the_whole_model, build_request, epochs=epochs)
    labels = build_request.dataset.labels("test")
    right = {"direct": int((direct.predicted == labels).sum()), "ours": int((ours.predicted == labels).sum())}
    findings.keep(
        Finding(
            question=f"training a head, {build_request.training.epochs} epochs",
            subject=f"{build_request.backbone.name}, {len(build_request.dataset.indices('train'))} images",
            direct=direct_cost,
            ours=ours_cost,
            goal="40",
            facts={"epochs_trained_directly": epochs, "test_target": len(labels), "right_after_these": right},
        )
    )
    for one, other in zip(direct.weights, ours.weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-2, atol=5e-3)
    assert right["direct"] == right["ours"]
