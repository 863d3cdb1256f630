// SPDX-License-Identifier: Apache-2.0
#include "pose/decode.h"

namespace heddle::pose {
namespace {

constexpr std::array<std::string_view, kJoints> kNames{
    "nose",       "neck",       "right shoulder", "right elbow", "right wrist", "left shoulder",
    "left elbow", "left wrist", "right hip",      "right knee",  "right ankle", "left hip",
    "left knee",  "left ankle", "right eye",      "left eye",    "right ear",   "left ear"};

constexpr std::array<Limb, kLimbs> kLimbTable{{
    {1, 2, 12, 13},  {1, 5, 20, 21},   {2, 3, 14, 15},         {3, 4, 16, 17},         {5, 6, 22, 23},
    {6, 7, 24, 25},  {1, 8, 0, 1},     {8, 9, 2, 3},           {9, 10, 4, 5},          {1, 11, 6, 7},
    {11, 12, 8, 9},  {12, 13, 10, 11}, {1, 0, 28, 29},         {0, 14, 30, 31},        {14, 16, 34, 35},
    {0, 15, 32, 33}, {15, 17, 36, 37}, {2, 16, 18, 19, false}, {5, 17, 26, 27, false},
}};

}  // namespace

std::string_view joint_name(std::size_t joint) {
  return kNames.at(joint);
}
std::span<const Limb, kLimbs> limbs() {
  return kLimbTable;
}

}  // namespace heddle::pose
