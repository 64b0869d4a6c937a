# Copyright: (c) 2026, legalops.timesensor contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of Sphinx for C(make docs). Everything is built offline, and can be read offline."""

project = "legalops.timesensor"
copyright = "legalops.timesensor contributors"
title = "timeSensor LEGAL firewalls"
html_short_title = title

extensions = ["sphinx_antsibull_ext"]
default_role = "any"
nitpicky = True
# Other collections' pages are on another site, whose index would have to be fetched.
suppress_warnings = ["ref.ref"]

pygments_style = "ansible"
highlight_language = "YAML+Jinja"
html_theme = "sphinx_ansible_theme"
html_show_sphinx = False
html_use_index = False
html_copy_source = False
