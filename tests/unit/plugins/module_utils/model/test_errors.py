# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The texts and details with which modules fail."""

from __future__ import annotations

from ansible_collections.legalops.timesensor.plugins.module_utils._model.errors import (
    InputError,
    Problem,
    TimesensorError,
)

PORT = Problem("flow licence_http, ports", "70000 is not a port number (1 to 65535)")
PEER = Problem("flow update_ftp, peers", "2001:db8::/129 is not a network")


def test_an_input_error_lists_every_problem_with_flow_field_and_value() -> None:
    error = InputError([PORT, PEER])

    assert str(error) == (
        "2 mistakes in the input, nothing was changed:"
        "\n  - flow licence_http, ports: 70000 is not a port number (1 to 65535)"
        "\n  - flow update_ftp, peers: 2001:db8::/129 is not a network"
    )


def test_one_problem_is_one_mistake() -> None:
    assert str(InputError([PORT])).startswith("1 mistake in the input, nothing was changed:\n")


def test_an_input_error_says_what_was_left_untouched_when_that_is_special() -> None:
    message = str(InputError([PORT], untouched="no packet was sent"))

    assert message.startswith("1 mistake in the input, no packet was sent:\n")


def test_an_input_error_hands_its_problems_to_the_result_as_data() -> None:
    assert InputError([PORT, PEER]).details == {
        "errors": [
            {"where": PORT.where, "what": PORT.what},
            {"where": PEER.where, "what": PEER.what},
        ]
    }


def test_an_input_error_can_be_read_from_a_generator_and_read_again() -> None:
    error = InputError(problem for problem in (PORT, PEER))

    assert list(error.problems) == [PORT, PEER]
    assert "2 mistakes" in error.message


def test_details_of_an_error_stand_beside_its_message() -> None:
    error = TimesensorError("two owners are live", conflicts=["firewalld", "ufw"])

    assert error.message == str(error) == "two owners are live"
    assert error.details == {"conflicts": ["firewalld", "ufw"]}
