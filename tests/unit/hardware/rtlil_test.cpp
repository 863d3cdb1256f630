// SPDX-License-Identifier: Apache-2.0
#include "hardware/rtlil.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace heddle::hardware::rtlil {
namespace {

/// A top with three leaves: two that differ by yosys' numbers only, one with another gate.
constexpr const char* kDesign = R"(
autoidx 99
attribute \src "leaf.sv:1.1"
module \leaf$top.a
  attribute \src "leaf.sv:2.2"
  wire width 4 input 1 \in
  wire $7
  wire output 2 \out
  cell $reduce_or $8
    connect \A \in
    connect \Y $7
  end
  connect \out $7
end
module \leaf$top.b
  wire width 4 input 1 \in
  wire $41
  wire output 2 \out
  cell $reduce_or $42
    connect \A \in
    connect \Y $41
  end
  connect \out $41
end
module \leaf$top.c
  wire width 4 input 1 \in
  wire $41
  wire output 2 \out
  cell $reduce_and $42
    connect \A \in
    connect \Y $41
  end
  connect \out $41
end
attribute \blackbox 1
module \DSP48E2
end
module \top
  wire width 4 input 1 \in
  cell \leaf$top.a \a
    connect \in \in
  end
  cell \leaf$top.b \b
    connect \in \in
  end
  cell \leaf$top.c \c
    connect \in \in
  end
  cell \DSP48E2 \primitive
  end
end
)";

TEST(UniqueModules, AreCountedOnceForEachContents) {
  const auto modules = unique_modules(kDesign, "top");
  ASSERT_TRUE(modules);
  ASSERT_EQ(modules->size(), 3U);
  EXPECT_EQ((*modules)[0].name, "leaf");
  EXPECT_EQ((*modules)[0].instances, 2);
  EXPECT_EQ((*modules)[1].name, "leaf");
  EXPECT_EQ((*modules)[1].instances, 1);
  EXPECT_NE((*modules)[0].key, (*modules)[1].key);
  const Module& top = modules->back();
  EXPECT_EQ(top.name, "top");
  EXPECT_EQ(std::ranges::count(top.parts, (*modules)[0].key), 2);
  EXPECT_NE(top.text.find("cell \\DSP48E2 \\primitive"), std::string::npos) << "a primitive keeps its name";
  EXPECT_NE(top.text.find("cell \\" + (*modules)[0].key + " \\a"), std::string::npos);
}

TEST(UniqueModules, KeepPortsAsBlackBoxes) {
  const auto modules = unique_modules(kDesign, "top");
  ASSERT_TRUE(modules);
  const Module& leaf = modules->front();
  EXPECT_EQ(leaf.interface_text, "attribute \\blackbox 1\nmodule \\" + leaf.key +
                                     "\n  wire width 4 input 1 \\in\n  wire output 2 \\out\nend\n");
}

TEST(UniqueModules, RefuseATopThatIsNotThere) {
  EXPECT_FALSE(unique_modules(kDesign, "summit"));
  EXPECT_FALSE(unique_modules("", "top"));
}

}  // namespace
}  // namespace heddle::hardware::rtlil
