"""How much faster are all variants made from one float32 file than each from Keras?"""

from conversion_ways import CONVERTIBLE, each_from_keras, float32_once
from finding import Finding
from fresh import costed
from saved import Findings

from zoobench.build.recipe import BuildRequest
from zoobench.matrix.cell import Cell
from zoobench.matrix.variants import SPECS
from zoobench.tflite.contract import read_contract, violations

MOST_BYTES = 4e9


def test_one_float32_file_and_a_quantizer_against_a_conversion_for_each_variant(
    build_request: BuildRequest, cells: list[Cell], findings: Findings
) -> None:
    asked = dict.fromkeys(cell.variant for cell in cells)
    variants = tuple(name for name in CONVERTIBLE if name in asked)
    ours_cost, ours = costed(float32_once, build_request, variants=variants)
    direct_cost, direct = costed(each_from_keras, build_request, variants=variants)
    findings.keep(
        Finding(
            question=f"converting {len(variants)} variants",
            subject=f"{build_request.backbone.name}, {build_request.conversion.calibration_images} images calibrate",
            direct=direct_cost,
            ours=ours_cost,
            goal="3.9",
            facts={"size_bytes": {name: {"direct": len(direct[name]), "ours": len(ours[name])} for name in variants}},
        )
    )
    for name in variants:
        assert not violations(read_contract(ours[name]), SPECS[name])
        assert read_contract(direct[name]).inputs[0].type == read_contract(ours[name]).inputs[0].type
    assert ours_cost.peak_bytes < MOST_BYTES
