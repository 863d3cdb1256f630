// SPDX-License-Identifier: Apache-2.0
// Feature memory: REGIONS regions of P banks, shared among readers and writers (docs/hardware/memories.md).
//
// Requests come from registers and hold until granted. Writes happen at the end of the cycle of their grant, half slots
// by strobe; reads that are granted from the next cycle on see them. Read data come FEATURE_READ_LATENCY cycles after the grant in
// bank order: memory, output register, region multiplexer. Banks that were not enabled keep older data.
`include "assert.svh"
module feature_memory
  import overlay_pkg::*, heddle_pkg::*;
(
    input  logic                                     clk,
    input  logic                                     rst,
    input  feature_request_t [FEATURE_READERS-1:0]   read_request,   // by feature_reader_e
    output logic             [FEATURE_READERS-1:0]   read_grant,
    output feature_data_t    [FEATURE_READERS-1:0]   read_data,
    input  feature_request_t [FEATURE_WRITERS-1:0]   write_request,  // by feature_writer_e
    input  feature_data_t    [FEATURE_WRITERS-1:0]   write_data,
    input  feature_strobe_t  [FEATURE_WRITERS-1:0]   write_strobe,
    output logic             [FEATURE_WRITERS-1:0]   write_grant
);
  logic [FEATURE_READERS-1:0][REGIONS-1:0] read_regions;
  logic [FEATURE_WRITERS-1:0][REGIONS-1:0] write_regions;
  always_comb begin
    for (int i = 0; i < FEATURE_READERS; i++) read_regions[i] = read_request[i].regions;
    for (int i = 0; i < FEATURE_WRITERS; i++) write_regions[i] = write_request[i].regions;
  end
  region_arbiter #(.REQUESTERS(FEATURE_READERS)) read_arbiter (.clk, .rst, .regions(read_regions), .grant(read_grant));
  region_arbiter #(.REQUESTERS(FEATURE_WRITERS)) write_arbiter (.clk, .rst, .regions(write_regions), .grant(write_grant));

  feature_data_t region_data[REGIONS];

  for (genvar r = 0; r < REGIONS; r++) begin : g_region
    logic [P-1:0] read;
    logic [P-1:0][1:0] write;
    logic [P-1:0][ROW_BITS-1:0] read_row, write_row;
    logic [1:0] writer;

    // At most one reader and one writer were granted this region.
    always_comb begin
      read     = '0;
      read_row = '0;
      for (int i = 0; i < FEATURE_READERS; i++)
        if (read_grant[i] && read_regions[i][r]) begin
          read_row = read_request[i].row;
          for (int b = 0; b < P; b++)
            read[b] = read_request[i].enable[b] && read_request[i].region[b] == REGION_BITS'(r);
        end
    end
    always_comb begin
      write     = '0;
      write_row = '0;
      writer    = '0;
      for (int i = 0; i < FEATURE_WRITERS; i++)
        if (write_grant[i] && write_regions[i][r]) begin
          writer    = 2'(i);
          write_row = write_request[i].row;
          for (int b = 0; b < P; b++)
            if (write_request[i].enable[b] && write_request[i].region[b] == REGION_BITS'(r))
              write[b] = write_strobe[i][b];
        end
    end

    feature_region region (
        .clk, .read, .read_row, .read_data(region_data[r]), .write, .write_row, .writer, .write_data
    );
  end

  // The region multiplexer, two cycles behind the grant.
  for (genvar i = 0; i < FEATURE_READERS; i++) begin : g_reader
    logic [1:0][P-1:0] enable;
    logic [1:0][P-1:0][REGION_BITS-1:0] region;

    always_ff @(posedge clk) begin
      enable[0] <= read_grant[i] ? read_request[i].enable : '0;
      enable[1] <= enable[0];
      if (read_grant[i]) region[0] <= read_request[i].region;
      if (enable[0] != '0) region[1] <= region[0];
      if (enable[1] != '0)
        for (int b = 0; b < P; b++)
          if (enable[1][b]) read_data[i][b] <= region_data[region[1][b]][b];
    end
  end

  // The masks of regions are what the banks say.
  logic masks_agree;
  always_comb begin
    masks_agree = 1'b1;
    for (int i = 0; i < FEATURE_READERS; i++)
      for (int b = 0; b < P; b++)
        if (read_request[i].enable[b] && !read_request[i].regions[read_request[i].region[b]]) masks_agree = 1'b0;
    for (int i = 0; i < FEATURE_WRITERS; i++)
      for (int b = 0; b < P; b++)
        if (write_request[i].enable[b] && !write_request[i].regions[write_request[i].region[b]]) masks_agree = 1'b0;
  end
  `HEDDLE_ASSERT(regions_cover_banks, masks_agree)
endmodule
