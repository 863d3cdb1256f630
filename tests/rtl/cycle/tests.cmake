# The cycle machine against the Verilated overlay: cycles of whole networks and of their layers.
add_executable(rtl_cycle ${CMAKE_CURRENT_LIST_DIR}/cycle_test.cpp)
target_include_directories(rtl_cycle PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(rtl_cycle PRIVATE heddle_runtime heddle_codegen heddle_reference GTest::gtest_main GTest::gmock)
target_compile_options(rtl_cycle PRIVATE -Wno-missing-field-initializers)
target_compile_definitions(rtl_cycle PRIVATE HEDDLE_TESTS_DIR="${CMAKE_SOURCE_DIR}/tests"
                                              HEDDLE_COSIM_FOLDER="${CMAKE_BINARY_DIR}/cosim")
gtest_discover_tests(rtl_cycle TEST_PREFIX rtl_cycle. DISCOVERY_TIMEOUT 60
                     PROPERTIES LABELS rtl ENVIRONMENT HEDDLE_COSIM_DIR=${CMAKE_BINARY_DIR}/cosim)
