// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>

namespace heddle::isa {

/// docs/isa.md: the text of docs/isa_semantics.md, then every format as a table. A test holds the file to it;
/// `HEDDLE_RENEW=1 isa_test --gtest_filter='IsaPage.*'` writes it anew.
[[nodiscard]] std::string isa_page(std::string_view semantics);

}  // namespace heddle::isa
