"""A representative set of faulty kernels is caught; `make mutants` judges all of them."""

import pytest

from hostcheck.smoke.build import SOURCES
from tests.smoke.program.mutants import MUTANTS, survivors


@pytest.mark.usefixtures("smoke_program", "fake_driver")
@pytest.mark.parametrize("mutant", [one for one in MUTANTS if one.quick], ids=lambda one: one.name)
def test_a_fault_in_the_kernels_is_noticed(mutant):
    assert survivors(mutant._replace(families=mutant.families[:1])) == []


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda one: one.name)
def test_every_mutant_still_fits_the_source(mutant):
    assert (SOURCES / mutant.file).read_text().count(mutant.good) == 1
